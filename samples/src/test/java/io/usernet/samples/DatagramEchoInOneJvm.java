package io.usernet.samples;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;

/** {@link DatagramEcho} and a client of it, which sends each line of the input and prints what comes back. */
final class DatagramEchoInOneJvm {
    private DatagramEchoInOneJvm() {}

    public static void main(String[] args) throws Exception {
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (DatagramEcho echo = new DatagramEcho(any);
                DatagramSocket client = DatagramChannel.open().socket()) {
            Thread server = new Thread(() -> run(echo));
            server.start();
            client.connect(echo.address());
            client.setSoTimeout(10_000);
            DatagramPacket answer = new DatagramPacket(new byte[65_535], 65_535);
            BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
            for (String line; (line = lines.readLine()) != null; ) {
                byte[] bytes = line.getBytes();
                client.send(new DatagramPacket(bytes, bytes.length));
                client.receive(answer);
                System.out.println(new String(answer.getData(), 0, answer.getLength()));
            }
            server.interrupt();
            server.join();
        }
    }

    private static void run(DatagramEcho echo) {
        try {
            echo.run();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
