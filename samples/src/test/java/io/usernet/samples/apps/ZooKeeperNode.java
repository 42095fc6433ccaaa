package io.usernet.samples.apps;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.zip.CRC32C;
import org.apache.zookeeper.AsyncCallback;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;
import org.apache.zookeeper.server.embedded.ExitHandler;
import org.apache.zookeeper.server.embedded.ZooKeeperServerEmbedded;

/** A standalone ZooKeeper server and its client. */
public final class ZooKeeperNode implements Application {
    public static void main(String[] args) throws Exception {
        Program.run(new ZooKeeperNode(), args);
    }

    @Override
    public AutoCloseable serve(InetSocketAddress at) throws Exception {
        Path base = Files.createTempDirectory("zookeeper");
        Properties config = new Properties();
        config.setProperty("clientPortAddress", at.getAddress().getHostAddress());
        config.setProperty("clientPort", "" + at.getPort());
        config.setProperty("maxClientCnxns", "0"); // no limit
        config.setProperty("clientPortListenBacklog", "1024");
        config.setProperty("admin.enableServer", "false");
        ZooKeeperServerEmbedded server =
                ZooKeeperServerEmbedded.builder()
                        .baseDir(base)
                        .configuration(config)
                        .exitHandler(ExitHandler.LOG_ONLY)
                        .build();
        server.start();
        return () -> {
            server.close();
            Directories.delete(base);
        };
    }

    @Override
    public Client connect(InetSocketAddress server) throws Exception {
        return new Load(server.getAddress().getHostAddress() + ":" + server.getPort());
    }

    private static final class Load implements Client {
        private static final int TIMEOUT_MS = 30_000, IN_FLIGHT = 8;

        /** What fits into a node (jute.maxbuffer). */
        private static final int NODE = 512 << 10;

        private final String server;
        private final List<ZooKeeper> sessions = new ArrayList<>();

        Load(String server) throws Exception {
            this.server = server;
            connect(1);
            ZooKeeper first = sessions.get(0);
            if (first.exists("/small", false) == null) {
                create("/small", Payload.SMALL.getBytes(US_ASCII));
                create("/large", new byte[0]);
            }
        }

        private void create(String path, byte[] data) throws Exception {
            sessions.get(0).create(path, data, ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        }

        private void connect(int n) throws IOException, InterruptedException {
            CountDownLatch connected = new CountDownLatch(Math.max(0, n - sessions.size()));
            while (sessions.size() < n) {
                sessions.add(
                        new ZooKeeper(
                                server,
                                TIMEOUT_MS,
                                event -> {
                                    if (event.getState() == KeeperState.SyncConnected) {
                                        connected.countDown();
                                    }
                                }));
            }
            connected.await();
        }

        @Override
        public void small(int times) throws Exception {
            for (int left = times; left > 0; left -= IN_FLIGHT) {
                int round = Math.min(left, IN_FLIGHT);
                ask(Collections.nCopies(round, sessions.get(0)));
            }
        }

        /** The small node's content of each. */
        private static void ask(List<ZooKeeper> sessions) throws Exception {
            List<CompletableFuture<String>> answers = new ArrayList<>();
            for (ZooKeeper session : sessions) {
                CompletableFuture<String> answer = new CompletableFuture<>();
                answers.add(answer);
                AsyncCallback.DataCallback callback =
                        (status, path, context, data, stat) -> {
                            if (status == KeeperException.Code.OK.intValue()) {
                                answer.complete(new String(data, US_ASCII));
                            } else {
                                answer.completeExceptionally(
                                        KeeperException.create(KeeperException.Code.get(status)));
                            }
                        };
                session.getData("/small", false, callback, null);
            }
            for (CompletableFuture<String> answer : answers) {
                if (!answer.get().equals(Payload.SMALL)) throw new AssertionError(answer.get());
            }
        }

        /** Sessions, rather: the server has no way to wait for all of them. */
        @Override
        public void together(int connections) throws Exception {
            connect(connections);
            ask(sessions);
        }

        /** Each node is read back from the server. */
        @Override
        public long upload(int bytes) throws Exception {
            CRC32C sum = new CRC32C();
            for (int from = 0; from < bytes; from += NODE) {
                sessions.get(0).setData("/large", piece(from, bytes), -1);
                sum.update(sessions.get(0).getData("/large", false, new Stat()));
            }
            return sum.getValue();
        }

        private static byte[] piece(int from, int bytes) {
            byte[] piece = new byte[Math.min(NODE, bytes - from)];
            for (int i = 0; i < piece.length; i++) piece[i] = Payload.at(from + i);
            return piece;
        }

        /** The same, with another session to write. */
        @Override
        public long download(int bytes) throws Exception {
            connect(2);
            CRC32C sum = new CRC32C();
            for (int from = 0; from < bytes; from += NODE) {
                sessions.get(1).setData("/large", piece(from, bytes), -1);
                sum.update(sessions.get(0).getData("/large", false, new Stat()));
            }
            return sum.getValue();
        }

        @Override
        public void close() throws IOException {
            try {
                for (ZooKeeper session : sessions) session.close();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
    }
}
