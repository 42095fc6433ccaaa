package io.usernet.samples.apps;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Future;
import java.util.zip.CRC32C;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.tools.StorageTool;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Time;

/** A Kafka broker that is its own KRaft controller, a producer and consumers. */
public final class KafkaBroker implements Application {
    public static void main(String[] args) throws Exception {
        Program.run(new KafkaBroker(), args);
    }

    @Override
    public AutoCloseable serve(InetSocketAddress at) throws Exception {
        Path base = Files.createTempDirectory("kafka");
        Properties config = new Properties();
        config.putAll(config(at, base));
        format(base, config);
        KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(config), Time.SYSTEM);
        server.startup();
        return () -> {
            server.shutdown();
            server.awaitShutdown();
            Directories.delete(base);
        };
    }

    private static Map<String, String> config(InetSocketAddress at, Path base) {
        String host = at.getAddress().getHostAddress();
        String clients = "PLAINTEXT://" + host + ":" + at.getPort();
        String controllers = host + ":" + (at.getPort() + 1);
        return Map.ofEntries(
                Map.entry("process.roles", "broker,controller"),
                Map.entry("node.id", "1"),
                Map.entry("controller.quorum.voters", "1@" + controllers),
                Map.entry("controller.listener.names", "CONTROLLER"),
                Map.entry("listeners", clients + ",CONTROLLER://" + controllers),
                Map.entry("advertised.listeners", clients),
                Map.entry("log.dirs", base.resolve("log").toString()),
                Map.entry("num.partitions", "1"),
                Map.entry("offsets.topic.num.partitions", "1"),
                Map.entry("offsets.topic.replication.factor", "1"),
                Map.entry("transaction.state.log.replication.factor", "1"),
                Map.entry("transaction.state.log.min.isr", "1"),
                Map.entry("share.coordinator.state.topic.replication.factor", "1"),
                Map.entry("share.coordinator.state.topic.min.isr", "1"),
                Map.entry("socket.listen.backlog.size", "1024"));
    }

    /** What {@code kafka-storage.sh format} does. */
    private static void format(Path base, Properties config) throws IOException {
        Path file = base.resolve("server.properties");
        try (OutputStream out = Files.newOutputStream(file)) {
            config.store(out, null);
        }
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream());
        String[] args = {"format", "-t", Uuid.randomUuid().toString(), "-c", file.toString()};
        int status = StorageTool.execute(args, nowhere);
        if (status != 0) throw new IOException("format failed: " + status);
    }

    @Override
    public Client connect(InetSocketAddress server) throws Exception {
        return new Load(server.getAddress().getHostAddress() + ":" + server.getPort());
    }

    private static final class Load implements Client {
        private static final int RECORD = 512 << 10;
        private static final TopicPartition SMALL = new TopicPartition("small", 0),
                LARGE = new TopicPartition("large", 0);

        private final String server;
        private final KafkaProducer<byte[], byte[]> producer;
        private final List<KafkaConsumer<byte[], byte[]>> consumers = new ArrayList<>();
        private int serial;

        Load(String server) throws Exception {
            this.server = server;
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", server))) {
                if (admin.listTopics().names().get().isEmpty()) {
                    admin.createTopics(
                                    List.of(
                                            new NewTopic(SMALL.topic(), 1, (short) 1),
                                            new NewTopic(LARGE.topic(), 1, (short) 1)))
                            .all()
                            .get();
                }
            }
            producer =
                    new KafkaProducer<>(
                            Map.of("bootstrap.servers", server, "max.request.size", 2 * RECORD),
                            new ByteArraySerializer(),
                            new ByteArraySerializer());
            consumers.add(consumer());
        }

        private KafkaConsumer<byte[], byte[]> consumer() {
            return new KafkaConsumer<>(
                    Map.of("bootstrap.servers", server, "enable.auto.commit", false),
                    new ByteArrayDeserializer(),
                    new ByteArrayDeserializer());
        }

        /** So many records, each acknowledged; the consumer reads them back. */
        @Override
        public void small(int times) throws Exception {
            int first = serial;
            KafkaConsumer<byte[], byte[]> consumer = fromEnd(SMALL);
            List<Future<?>> acknowledgements = new ArrayList<>();
            for (int i = 0; i < times; i++) {
                byte[] value = ByteBuffer.allocate(4).putInt(serial++).array();
                acknowledgements.add(producer.send(new ProducerRecord<>(SMALL.topic(), value)));
            }
            for (Future<?> acknowledgement : acknowledgements) acknowledgement.get();
            for (int next = first; next < serial; ) {
                for (ConsumerRecord<byte[], byte[]> record : poll(consumer)) {
                    int value = ByteBuffer.wrap(record.value()).getInt();
                    if (value != next++) throw new AssertionError(value + " in place of " + next);
                }
            }
        }

        /** The first consumer, where what is produced next will be. */
        private KafkaConsumer<byte[], byte[]> fromEnd(TopicPartition partition) {
            KafkaConsumer<byte[], byte[]> consumer = consumers.get(0);
            consumer.assign(List.of(partition));
            consumer.seekToEnd(List.of(partition));
            consumer.position(partition);
            return consumer;
        }

        private static Iterable<ConsumerRecord<byte[], byte[]>> poll(
                KafkaConsumer<byte[], byte[]> consumer) {
            return consumer.poll(Duration.ofSeconds(1));
        }

        /** A consumer each; the broker has no way to wait for all of them. */
        @Override
        public void together(int connections) {
            while (consumers.size() < connections) consumers.add(consumer());
            for (KafkaConsumer<byte[], byte[]> consumer : consumers) {
                if (consumer.partitionsFor(SMALL.topic()).size() != 1) throw new AssertionError();
            }
        }

        /** Of what a consumer reads back. */
        @Override
        public long upload(int bytes) throws Exception {
            KafkaConsumer<byte[], byte[]> consumer = fromEnd(LARGE);
            List<Future<?>> acknowledgements = new ArrayList<>();
            for (int from = 0; from < bytes; from += RECORD) {
                byte[] value = new byte[Math.min(RECORD, bytes - from)];
                for (int i = 0; i < value.length; i++) value[i] = Payload.at(from + i);
                acknowledgements.add(producer.send(new ProducerRecord<>(LARGE.topic(), value)));
            }
            for (Future<?> acknowledgement : acknowledgements) acknowledgement.get();
            return read(consumer, bytes);
        }

        private static long read(KafkaConsumer<byte[], byte[]> consumer, int bytes) {
            CRC32C sum = new CRC32C();
            for (int n = 0; n < bytes; ) {
                for (ConsumerRecord<byte[], byte[]> record : poll(consumer)) {
                    sum.update(record.value());
                    n += record.value().length;
                }
            }
            return sum.getValue();
        }

        /** The same records once more. */
        @Override
        public long download(int bytes) {
            KafkaConsumer<byte[], byte[]> consumer = consumers.get(0);
            long end = consumer.position(LARGE);
            consumer.seek(LARGE, end - (bytes + RECORD - 1) / RECORD);
            return read(consumer, bytes);
        }

        @Override
        public void close() {
            producer.close();
            for (KafkaConsumer<byte[], byte[]> consumer : consumers) consumer.close();
        }
    }
}
