package app;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.charset.StandardCharsets;
import org.agrona.nio.TransportPoller;

/** Receives what it sends to itself, in the way of Aeron's media driver. */
public final class Poller extends TransportPoller {
    public static void main(String[] args) throws IOException {
        try (Poller poller = new Poller();
                DatagramChannel channel = DatagramChannel.open()) {
            channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            channel.configureBlocking(false);
            channel.register(poller.selector, SelectionKey.OP_READ);
            for (int i = 0; i < 2; i++) {
                channel.send(StandardCharsets.US_ASCII.encode("hello"), channel.getLocalAddress());
                poller.poll();
            }
        }
    }

    private void poll() throws IOException {
        selector.select();
        SelectionKey[] keys = selectedKeySet.keys();
        for (int i = 0; i < selectedKeySet.size(); i++) {
            ByteBuffer message = ByteBuffer.allocate(100);
            ((DatagramChannel) keys[i].channel()).receive(message);
            String text = StandardCharsets.US_ASCII.decode(message.flip()).toString();
            System.out.println(text + " of " + selectedKeySet.size());
        }
        selectedKeySet.reset();
    }
}
