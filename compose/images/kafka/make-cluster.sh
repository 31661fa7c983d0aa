#!/bin/sh
# Make a cluster at build time. Format it, create the topics of /topics.txt, and grant the rights of the account
# `patient`. Archive the classes that the broker has loaded, so that a start loads them at once.
set -eu
cd /opt/kafka

tool() { java @jvm.options -cp "$(cat classpath)" "$@"; }
here="--bootstrap-server 127.0.0.1:9094"

tool kafka.tools.StorageTool format --cluster-id MkU3OEVBNTcwNTJENDM2Qg --config server.properties
java @jvm.options -XX:ArchiveClassesAtExit=/opt/kafka/classes.jsa -cp "$(cat classpath)" kafka.Kafka server.properties &
broker=$!
tries=0
until bash -c ": < /dev/tcp/127.0.0.1/9092" 2> /dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || { echo "the broker did not start within a minute" >&2; exit 1; }
    sleep 0.2
done

topic_of_group=
while read -r topic partitions; do
    case "$topic" in "" | "#"*) continue ;; esac
    tool org.apache.kafka.tools.TopicCommand $here --create --topic "$topic" --partitions "$partitions"
    topic_of_group=$topic
done < /topics.txt
# The first consumer group creates the topic of group offsets, which would cost a run's first group a second.
tool org.apache.kafka.tools.consumer.ConsoleConsumer $here --topic "$topic_of_group" --group er-first --timeout-ms 5000 \
    > /dev/null 2>&1 || true
tool org.apache.kafka.tools.TopicCommand $here --describe --topic __consumer_offsets > /dev/null
# The account reads and writes topics and commits offsets of its own groups. It cannot create or delete topics, or move
# the offsets of other groups.
allow="org.apache.kafka.tools.AclCommand $here --add --allow-principal User:patient"
tool $allow --operation Read --operation Write --operation Describe --topic "*"
tool $allow --operation Read --operation Describe --group "*"
tool org.apache.kafka.tools.AclCommand $here --add --deny-principal User:patient --operation All \
    --group er- --resource-pattern-type prefixed

# A broker that was stopped cleanly has nothing to recover at its start.
kill -TERM "$broker"
wait "$broker" || [ $? -eq 143 ]
test -f /data/.kafka_cleanshutdown
