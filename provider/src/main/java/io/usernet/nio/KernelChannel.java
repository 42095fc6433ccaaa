package io.usernet.nio;

import java.io.IOException;
import java.nio.channels.SelectableChannel;

/**
 * A channel of the JDK's that is registered with our selector as it is, such as one of a UNIX-domain
 * socket: it is a leg of its own.
 */
record KernelChannel(SelectableChannel channel) implements Pollable {
    /** The kernel alone knows. */
    @Override
    public int ready(int ops) {
        return 0;
    }

    @Override
    public void attach(StackSelectionKey key) {
        key.watch(channel);
    }

    @Override
    public void detach(StackSelectionKey key) {}

    /** The channel's own close leaves the descriptor to us. */
    @Override
    public void deregistered() throws IOException {
        if (!channel.isOpen() && !channel.isRegistered()) Kernel.kill(channel);
    }
}
