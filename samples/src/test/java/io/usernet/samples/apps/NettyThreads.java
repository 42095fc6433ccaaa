package io.usernet.samples.apps;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;

/** Event loops of Netty 4.2, or those of 4.1 if the system property {@code netty} says so. */
final class NettyThreads {
    private NettyThreads() {}

    static EventLoopGroup group(int threads) {
        return "4.1".equals(System.getProperty("netty")) ? Old.group(threads) : New.group(threads);
    }

    /** Loaded only where there are such classes. */
    private static final class New {
        static EventLoopGroup group(int threads) {
            return new MultiThreadIoEventLoopGroup(threads, NioIoHandler.newFactory());
        }
    }

    @SuppressWarnings("deprecation")
    private static final class Old {
        static EventLoopGroup group(int threads) {
            return new NioEventLoopGroup(threads);
        }
    }
}
