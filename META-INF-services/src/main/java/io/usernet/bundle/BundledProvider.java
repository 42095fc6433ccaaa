package io.usernet.bundle;

import io.usernet.link.LinkDevice;
import io.usernet.link.LinkProvider;
import io.usernet.link.LinkUri;
import java.io.IOException;

/**
 * A scheme of the drivers in usernet.jar, which are loaded when the first of their links is opened.
 * Another one is a class here and a line in the service file. Thread-safe.
 */
public abstract class BundledProvider implements LinkProvider {
    private final String scheme, driver;

    /**
     * @param driver name of the class that serves the scheme
     */
    BundledProvider(String scheme, String driver) {
        this.scheme = scheme;
        this.driver = driver;
    }

    /** {@code tap:}. */
    public static final class Tap extends BundledProvider {
        /** For {@link java.util.ServiceLoader}. */
        public Tap() {
            super("tap", "io.usernet.tuntap.TapProvider");
        }
    }

    /** {@code tun:}. */
    public static final class Tun extends BundledProvider {
        /** For {@link java.util.ServiceLoader}. */
        public Tun() {
            super("tun", "io.usernet.tuntap.TunProvider");
        }
    }

    /** {@code unix:}. */
    public static final class Unix extends BundledProvider {
        /** For {@link java.util.ServiceLoader}. */
        public Unix() {
            super("unix", "io.usernet.tuntap.UnixProvider");
        }
    }

    /** {@code unixgram:}. */
    public static final class Unixgram extends BundledProvider {
        /** For {@link java.util.ServiceLoader}. */
        public Unixgram() {
            super("unixgram", "io.usernet.tuntap.UnixgramProvider");
        }
    }

    /** {@code passt}. */
    public static final class Passt extends BundledProvider {
        /** For {@link java.util.ServiceLoader}. */
        public Passt() {
            super("passt", "io.usernet.tuntap.PasstProvider");
        }

        @Override
        public boolean assignsAddresses() {
            return true;
        }
    }

    @Override
    public final String scheme() {
        return scheme;
    }

    @Override
    public final LinkDevice open(LinkUri uri) throws IOException {
        return Drivers.provider(driver).open(uri);
    }
}
