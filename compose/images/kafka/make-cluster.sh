#!/bin/sh
# Make a cluster at build time: format it, create the topics of /topics.txt, say what the account `patient` may do; and keep
# the classes that the broker has loaded meanwhile as an archive, from which a start has them at once.
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
# The first group makes the topic in which groups keep their places, which would take the first one of a run a second.
tool org.apache.kafka.tools.consumer.ConsoleConsumer $here --topic "$topic_of_group" --group er-first --timeout-ms 5000 \
    > /dev/null 2>&1 || true
tool org.apache.kafka.tools.TopicCommand $here --describe --topic __consumer_offsets > /dev/null
# It writes and reads, and keeps the place of its own groups; it neither makes nor deletes, nor moves anybody else's place.
allow="org.apache.kafka.tools.AclCommand $here --add --allow-principal User:patient"
tool $allow --operation Read --operation Write --operation Describe --topic "*"
tool $allow --operation Read --operation Describe --group "*"
tool org.apache.kafka.tools.AclCommand $here --add --deny-principal User:patient --operation All \
    --group er- --resource-pattern-type prefixed

# A broker that was stopped in peace has nothing to recover when it starts.
kill -TERM "$broker"
wait "$broker" || [ $? -eq 143 ]
test -f /data/.kafka_cleanshutdown
