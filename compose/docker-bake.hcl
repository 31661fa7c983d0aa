# All our images. er sets BASE, CA, LAB and each image's tag, and names the targets to build.
variable "BASE" { default = "debian:trixie-slim" }
variable "CA" { default = "" }
variable "LAB" { default = "" }
variable "PYTHON_TAG" { default = "pattern-er/python:dev" }
variable "REDIS_TAG" { default = "pattern-er/redis:dev" }
variable "PROMETHEUS_TAG" { default = "pattern-er/prometheus:dev" }
variable "POSTGRES_TAG" { default = "pattern-er/postgres:dev" }
variable "KAFKA_TAG" { default = "pattern-er/kafka:dev" }

target "base" {
  args   = { BASE = BASE }
  output = ["type=docker"]
}

target "python" {
  inherits   = ["base"]
  dockerfile = "services/Dockerfile"
  tags       = [PYTHON_TAG]
  secret     = CA == "" ? [] : ["id=ca,src=${CA}"]
}

target "redis" {
  inherits = ["base"]
  context  = "compose/images/redis"
  tags     = [REDIS_TAG]
}

target "prometheus" {
  inherits = ["base"]
  context  = "compose/images/prometheus"
  tags     = [PROMETHEUS_TAG]
}

# One for each lab that has a schema.sql.
target "postgres" {
  inherits = ["base"]
  context  = "compose/images/postgres"
  contexts = { lab = LAB }
  tags     = [POSTGRES_TAG]
}

# One for each lab that has a topics.txt.
target "kafka" {
  inherits = ["base"]
  context  = "compose/images/kafka"
  contexts = { lab = LAB }
  tags     = [KAFKA_TAG]
  secret   = CA == "" ? [] : ["id=ca,src=${CA}"]
}
