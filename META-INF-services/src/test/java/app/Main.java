package app;

import app.lib.Greeting;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.nio.channels.spi.SelectorProvider;

/** An application that knows nothing of Usernet. The first argument says what it does. */
public final class Main {
    private Main() {}

    public static void main(String[] args) throws IOException {
        switch (args[0]) {
            case "serve" -> Greeting.serve(address(args));
            case "idle" -> Greeting.idle(address(args));
            case "greet" -> Greeting.greet(address(args));
            case "exit" -> {
                ServerSocketChannel.open().bind(address(args));
                DatagramChannel.open().bind(address(args));
                System.exit(7);
            }
            case "end" -> ServerSocketChannel.open().bind(address(args));
            case "asked" -> {
                if (args.length > 1) ServerSocketChannel.open().close();
                System.out.println("ready");
                System.in.read();
                System.out.println(SelectorProvider.provider().getClass().getName());
            }
            case "asynchronous" ->
                    System.out.println(AsynchronousChannelProvider.provider().getClass().getName());
            case "provider" -> System.out.println(SelectorProvider.provider().getClass().getName());
            case "properties" -> {
                for (int i = 1; i < args.length; i++) {
                    System.out.println(args[i] + "=" + System.getProperty(args[i]));
                }
            }
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    private static InetSocketAddress address(String[] args) {
        return new InetSocketAddress(args[1], Integer.parseInt(args[2]));
    }
}
