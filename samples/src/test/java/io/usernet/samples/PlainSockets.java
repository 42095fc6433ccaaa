package io.usernet.samples;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.MulticastSocket;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.rmi.Remote;
import java.rmi.RemoteException;
import java.rmi.registry.LocateRegistry;
import java.rmi.registry.Registry;
import java.rmi.server.UnicastRemoteObject;
import java.security.Security;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/** An ordinary program that speaks java.net, and knows nothing of Usernet: a line for all that went well. */
public final class PlainSockets {
    private static final int CLIENTS = 50;

    private PlainSockets() {}

    public static void main(String[] args) throws Exception {
        step("echo", PlainSockets::echo);
        step("many clients", PlainSockets::manyClients);
        step("objects", PlainSockets::objects);
        step("timeouts", PlainSockets::timeouts);
        step("http", PlainSockets::http);
        step("rmi", PlainSockets::rmi);
        step("tls", PlainSockets::tls);
        step("datagrams", PlainSockets::datagrams);
        step("groups", PlainSockets::groups);
    }

    private static void step(String what, Callable<Object> step) throws Exception {
        System.out.println(what + ": " + step.call());
    }

    /** Echoes what each connection says, until the server is closed. */
    private static Thread serve(ServerSocket server) {
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                while (true) {
                                    Socket socket = server.accept();
                                    new Thread(() -> echo(socket)).start();
                                }
                            } catch (IOException closed) {
                                if (!server.isClosed()) closed.printStackTrace();
                            }
                        });
        thread.start();
        return thread;
    }

    private static void echo(Socket with) {
        try (Socket socket = with) {
            socket.getInputStream().transferTo(socket.getOutputStream());
        } catch (IOException e) {
            e.printStackTrace();
        }
    }

    private static String ask(Socket socket, String question) throws IOException {
        socket.getOutputStream().write(question.getBytes(StandardCharsets.UTF_8));
        byte[] answer = socket.getInputStream().readNBytes(question.length());
        return new String(answer, StandardCharsets.UTF_8);
    }

    private static Object echo() throws Exception {
        ServerSocket server = new ServerSocket(0);
        Thread serving = serve(server);
        try (Socket socket = new Socket("localhost", server.getLocalPort())) {
            String answer = ask(socket, "hello");
            socket.shutdownOutput();
            if (socket.getInputStream().read() != -1) throw new IOException("no end");
            return answer;
        } finally {
            server.close();
            serving.join();
        }
    }

    private static Object manyClients() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        try (ServerSocket server = new ServerSocket(0, CLIENTS)) {
            serve(server);
            Callable<String> client =
                    () -> {
                        try (Socket socket = new Socket()) {
                            socket.setTcpNoDelay(true);
                            socket.connect(
                                    new InetSocketAddress("127.0.0.1", server.getLocalPort()));
                            for (int i = 0; i < 20; i++) ask(socket, "number " + i);
                            return "done";
                        }
                    };
            List<Callable<String>> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) clients.add(client);
            int done = 0;
            for (Future<String> one : threads.invokeAll(clients)) {
                if (one.get().equals("done")) done++;
            }
            return done;
        } finally {
            threads.shutdown();
        }
    }

    private static Object objects() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket client = new Socket(server.getInetAddress(), server.getLocalPort());
                Socket accepted = server.accept()) {
            ObjectOutputStream out = new ObjectOutputStream(client.getOutputStream());
            out.writeObject(List.of("a", 1, 2.5));
            out.flush();
            return new ObjectInputStream(accepted.getInputStream()).readObject();
        }
    }

    private static Object timeouts() throws Exception {
        try (ServerSocket server = new ServerSocket(0);
                Socket client = new Socket("localhost", server.getLocalPort())) {
            client.setSoTimeout(20);
            try {
                return client.getInputStream().read();
            } catch (SocketTimeoutException e) {
                return e.getMessage();
            }
        }
    }

    private static Object http() throws Exception {
        HttpServer server =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext(
                "/",
                exchange -> {
                    byte[] body = exchange.getRequestBody().readAllBytes();
                    exchange.sendResponseHeaders(200, body.length);
                    try (OutputStream out = exchange.getResponseBody()) {
                        out.write(body);
                    }
                });
        server.start();
        try {
            URL url = new URL("http://127.0.0.1:" + server.getAddress().getPort() + "/");
            int sum = 0;
            for (int i = 1; i <= 100; i++) sum += post(url, i * 100);
            return sum;
        } finally {
            server.stop(0);
        }
    }

    private static int post(URL url, int bytes) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) url.openConnection();
        connection.setDoOutput(true);
        connection.setConnectTimeout(10_000);
        connection.setReadTimeout(10_000);
        try (OutputStream out = connection.getOutputStream()) {
            out.write(new byte[bytes]);
        }
        try (InputStream in = connection.getInputStream()) {
            return in.readAllBytes().length;
        }
    }

    /** What is called from afar. */
    public interface Greeter extends Remote {
        String greet(String whom) throws RemoteException;
    }

    private static Object rmi() throws Exception {
        int port;
        try (ServerSocket probe = new ServerSocket(0)) {
            port = probe.getLocalPort();
        }
        Registry registry = LocateRegistry.createRegistry(port);
        Greeter greeter = whom -> "hello " + whom;
        registry.rebind("greeter", UnicastRemoteObject.exportObject(greeter, 0));
        try {
            Greeter remote =
                    (Greeter) LocateRegistry.getRegistry("127.0.0.1", port).lookup("greeter");
            return remote.greet("world");
        } finally {
            UnicastRemoteObject.unexportObject(greeter, true);
            UnicastRemoteObject.unexportObject(registry, true);
        }
    }

    /** Without certificates, which are not what this is about. */
    private static Object tls() throws Exception {
        Security.setProperty("jdk.tls.disabledAlgorithms", "");
        String[] suites = {"TLS_DH_anon_WITH_AES_128_GCM_SHA256"};
        String[] protocols = {"TLSv1.2"};
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, null, null);
        try (SSLServerSocket server =
                (SSLServerSocket) context.getServerSocketFactory().createServerSocket(0)) {
            server.setEnabledCipherSuites(suites);
            server.setEnabledProtocols(protocols);
            serve(server);
            // One that it makes itself, and one around a plain socket.
            Socket plain = new Socket("127.0.0.1", server.getLocalPort());
            try (SSLSocket one =
                            (SSLSocket)
                                    context.getSocketFactory()
                                            .createSocket("127.0.0.1", server.getLocalPort());
                    SSLSocket around =
                            (SSLSocket)
                                    context.getSocketFactory()
                                            .createSocket(plain, "127.0.0.1", 1, true)) {
                StringBuilder answers = new StringBuilder();
                for (SSLSocket socket : List.of(one, around)) {
                    socket.setEnabledCipherSuites(suites);
                    socket.setEnabledProtocols(protocols);
                    answers.append(ask(socket, "secret."));
                }
                return answers;
            }
        }
    }

    private static Object datagrams() throws Exception {
        InetAddress here = InetAddress.getLoopbackAddress();
        try (DatagramSocket server = new DatagramSocket(0, here);
                DatagramSocket client = new DatagramSocket()) {
            byte[] query = "query".getBytes(StandardCharsets.UTF_8);
            client.send(new DatagramPacket(query, query.length, here, server.getLocalPort()));
            DatagramPacket packet = new DatagramPacket(new byte[100], 100);
            server.setSoTimeout(10_000);
            server.receive(packet);
            server.send(packet);
            client.setSoTimeout(10_000);
            client.receive(packet);
            return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8);
        }
    }

    /** By the loopback's interface: nothing leaves the machine. */
    private static Object groups() throws Exception {
        InetAddress group = InetAddress.getByName("239.255.12.34");
        NetworkInterface lo = NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
        try (MulticastSocket member = new MulticastSocket(0);
                MulticastSocket sender = new MulticastSocket()) {
            member.joinGroup(new InetSocketAddress(group, 0), lo);
            member.setSoTimeout(10_000);
            sender.setNetworkInterface(lo);
            sender.setTimeToLive(3);
            byte[] text = "hello".getBytes(StandardCharsets.UTF_8);
            sender.send(new DatagramPacket(text, text.length, group, member.getLocalPort()));
            DatagramPacket packet = new DatagramPacket(new byte[100], 100);
            member.receive(packet);
            member.leaveGroup(new InetSocketAddress(group, 0), lo);
            String said = new String(packet.getData(), 0, packet.getLength());
            return said
                    + " by "
                    + sender.getNetworkInterface().getName().equals(lo.getName())
                    + ", "
                    + sender.getTimeToLive();
        }
    }
}
