package io.usernet.aio;

import io.usernet.config.DefaultThreadPool;
import java.io.IOException;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.IllegalChannelGroupException;
import java.nio.channels.ShutdownChannelGroupException;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.nio.channels.spi.SelectorProvider;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadFactory;

/** Asynchronous channels on the non-blocking ones of another provider. Thread-safe. */
public class AioProvider extends AsynchronousChannelProvider {
    private final SelectorProvider channels;
    private ChannelGroup defaultGroup; // by this; made when it is needed
    private boolean closed; // by this

    /**
     * @param channels opens the channels and selectors; nothing is opened yet
     */
    public AioProvider(SelectorProvider channels) {
        this.channels = Objects.requireNonNull(channels);
    }

    @Override
    public AsynchronousChannelGroup openAsynchronousChannelGroup(int threads, ThreadFactory factory)
            throws IOException {
        return ChannelGroup.open(this, channels, Pool.fixed(threads, factory));
    }

    @Override
    public AsynchronousChannelGroup openAsynchronousChannelGroup(
            ExecutorService executor, int initialSize) throws IOException {
        return ChannelGroup.open(this, channels, Pool.of(executor, initialSize));
    }

    @Override
    public AsynchronousSocketChannel openAsynchronousSocketChannel(AsynchronousChannelGroup group)
            throws IOException {
        return AioSocketChannel.open(own(group), channels);
    }

    @Override
    public AsynchronousServerSocketChannel openAsynchronousServerSocketChannel(
            AsynchronousChannelGroup group) throws IOException {
        return AioServerSocketChannel.open(own(group), channels);
    }

    private ChannelGroup own(AsynchronousChannelGroup group) throws IOException {
        if (group == null) return defaultGroup();
        if (group.provider() != this || !(group instanceof ChannelGroup own))
            throw new IllegalChannelGroupException();
        return own;
    }

    private synchronized ChannelGroup defaultGroup() throws IOException {
        if (closed) throw new ShutdownChannelGroupException();
        if (defaultGroup == null) {
            Pool pool = Pool.byDefault(DefaultThreadPool.fromSystemProperties());
            defaultGroup = ChannelGroup.open(this, channels, pool);
        }
        return defaultGroup;
    }

    /** Ends the default group, which nobody else can, with its channels and threads. */
    public final void close() {
        ChannelGroup group;
        synchronized (this) {
            closed = true;
            group = defaultGroup;
        }
        if (group != null) group.shutdownNow();
    }
}
