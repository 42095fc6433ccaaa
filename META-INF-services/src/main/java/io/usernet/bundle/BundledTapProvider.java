package io.usernet.bundle;

import io.usernet.link.LinkDevice;
import io.usernet.link.LinkProvider;
import io.usernet.link.LinkUri;
import java.io.IOException;

/** {@code tap:} in usernet.jar: the driver, loaded when the first such link is opened. Thread-safe. */
public final class BundledTapProvider implements LinkProvider {
    private static final String DRIVER = "io.usernet.tuntap.TapProvider";

    /** Where the build puts the driver and its libraries. */
    static final String ROOT = "META-INF/usernet/lib/";

    /** For {@link java.util.ServiceLoader}. */
    public BundledTapProvider() {}

    @Override
    public String scheme() {
        return "tap";
    }

    @Override
    public LinkDevice open(LinkUri uri) throws IOException {
        return Driver.load().open(uri);
    }

    /** Holds the loader; initialised on first use. */
    private static final class Driver {
        private static final BundleLoader LOADER = new BundleLoader(BundledTapProvider.class, ROOT);

        static LinkProvider load() throws IOException {
            try {
                Class<?> driver = Class.forName(DRIVER, true, LOADER);
                return (LinkProvider) driver.getConstructor().newInstance();
            } catch (ReflectiveOperationException e) {
                throw new IOException(
                        "the TAP driver is not in usernet.jar as it was built: use an unchanged one",
                        e);
            }
        }
    }
}
