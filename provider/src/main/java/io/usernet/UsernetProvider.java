package io.usernet;

import io.usernet.config.PassThrough;
import io.usernet.config.Settings;
import io.usernet.nio.StackSelectorProvider;
import io.usernet.runtime.Engine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;

/**
 * Usernet as the JVM's provider of channels: name it by {@code
 * -Djava.nio.channels.spi.SelectorProvider=io.usernet.UsernetProvider}, or put {@code usernet.jar} on
 * the class path. All instances share one stack, which is opened with the first channel, by the system
 * properties that {@link Settings} reads; it lives as long as the JVM, or until its link is gone for
 * good: then its channels fail, and the next one that is opened begins another stack.
 *
 * <p>Where the settings are wrong or the link cannot be opened, channels fail to open with an {@link
 * IOException} whose message says what to do. There is never a silent fall-back to the kernel: what
 * passes to it, the rules of {@code usernet.passthrough} say.
 *
 * <p>Thread-safe. An embedder wants {@link Stack} instead.
 */
@SuppressWarnings("exports") // the superclass is nobody's business: SelectorProvider is the API
public final class UsernetProvider extends StackSelectorProvider {
    private static final Object LOCK = new Object();
    private static Stack stack; // by LOCK
    private static volatile PassThrough rules; // of the stack, or of the next one

    /** For {@link java.nio.channels.spi.SelectorProvider#provider}. Opens nothing yet. */
    public UsernetProvider() {
        super(UsernetProvider::engine, UsernetProvider::rules);
    }

    /**
     * {@return the stack behind the channels of this JVM, to look at ({@link Stack#sockets}, {@link
     * Stack#counters}); empty before the first channel is opened, and after its link is gone} Closing
     * it resets all connections, and the next channel that is opened begins another one. Waits while
     * another thread opens it.
     */
    public static Optional<Stack> stack() {
        synchronized (LOCK) {
            return Optional.ofNullable(stack).filter(s -> s.engine().isOpen());
        }
    }

    /** What needs no stack opens none. */
    private static PassThrough rules() {
        PassThrough known = rules;
        if (known == null) rules = known = Settings.fromSystemProperties().passThrough();
        return known;
    }

    private static Engine engine() {
        synchronized (LOCK) {
            try {
                if (stack != null && !stack.engine().isOpen()) {
                    stack.close(); // its link is gone; what is opened from now on has another one
                    stack = null;
                }
                if (stack == null) stack = open();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return stack.engine();
        }
    }

    private static Stack open() throws IOException {
        Settings settings = Settings.fromSystemProperties();
        Stack opened = Stack.open(settings, List.of());
        rules = settings.passThrough();
        return opened;
    }
}
