package io.usernet;

import io.usernet.aio.AioProvider;
import java.nio.channels.spi.AsynchronousChannelProvider;

/**
 * Usernet as the JVM's provider of asynchronous channels: name it by {@code
 * -Djava.nio.channels.spi.AsynchronousChannelProvider=io.usernet.UsernetAsynchronousProvider}. They are
 * on the stack of {@link UsernetProvider}, whether or not that one is installed as well. The default
 * group has daemon threads and lives as long as the JVM; {@link
 * java.nio.channels.AsynchronousChannelGroup} says how to configure it. Files are not its matter.
 *
 * <p>Where the settings are wrong or the link cannot be opened, channels fail to open, as those of
 * {@code UsernetProvider} do.
 *
 * <p>Thread-safe. An embedder wants {@link Stack#asynchronousProvider} instead.
 */
@SuppressWarnings("exports") // the superclass is nobody's business: the SPI is the API
public final class UsernetAsynchronousProvider extends AioProvider {
    /** For {@link AsynchronousChannelProvider#provider}. Opens nothing yet. */
    public UsernetAsynchronousProvider() {
        super(new UsernetProvider());
    }
}
