package io.usernet.nio;

import java.io.IOException;
import java.net.SocketOption;
import java.nio.channels.NetworkChannel;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The options that an application has set before it is known who serves its channel. Not thread-safe.
 */
final class GivenOptions {
    private Map<SocketOption<?>, Object> values = Map.of();

    /** Keeps a value that some channel has accepted. */
    void put(SocketOption<?> name, Object value) {
        if (values.isEmpty()) values = new LinkedHashMap<>();
        values.put(name, value);
    }

    /** Sets them all on another channel; one that it doesn't have could not have been asked for. */
    void applyTo(NetworkChannel channel) throws IOException {
        for (Map.Entry<SocketOption<?>, Object> given : values.entrySet())
            set(channel, given.getKey(), given.getValue());
    }

    private static <T> void set(NetworkChannel channel, SocketOption<T> name, Object value)
            throws IOException {
        if (channel.supportedOptions().contains(name))
            channel.setOption(name, name.type().cast(value));
    }
}
