package app;

import app.lib.AsynchronousGreeting;
import app.lib.Greeting;
import app.lib.PlainGreeting;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.nio.channels.spi.SelectorProvider;

/** An application that knows nothing of Usernet. The first argument says what it does. */
public final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
        switch (args[0]) {
            case "serve" -> Greeting.serve(address(args[1]));
            case "serve-plain" -> PlainGreeting.serve(inet(args[1]));
            case "serve-asynchronous" -> AsynchronousGreeting.serve(inet(args[1]));
            case "greet" -> Greeting.greet(address(args[1]));
            case "greet-plain" -> PlainGreeting.greet(inet(args[1]));
            case "greet-asynchronous" -> AsynchronousGreeting.greet(inet(args[1]));
            case "relay" -> Greeting.relay(address(args[1]), address(args[2]));
            case "idle" -> Greeting.idle(address(args[1]));
            case "exit" -> {
                ServerSocketChannel.open().bind(address(args[1]));
                DatagramChannel.open().bind(address(args[1]));
                System.exit(7);
            }
            case "end" -> ServerSocketChannel.open().bind(address(args[1]));
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

    private static SocketAddress address(String text) {
        return text.startsWith("/") ? UnixDomainSocketAddress.of(text) : inet(text);
    }

    private static InetSocketAddress inet(String text) {
        int colon = text.indexOf(':');
        return new InetSocketAddress(
                text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }
}
