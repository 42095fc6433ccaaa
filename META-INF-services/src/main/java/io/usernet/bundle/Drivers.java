package io.usernet.bundle;

import io.usernet.link.LinkProvider;
import java.io.IOException;

/** The drivers in usernet.jar, loaded when the first of their links is opened. Thread-safe. */
final class Drivers {
    private static BundleLoader loader; // null: none was needed yet; guarded by this class

    private Drivers() {}

    private static synchronized BundleLoader loader() {
        if (loader == null) loader = new BundleLoader(Drivers.class, BundleLoader.ROOT);
        return loader;
    }

    /** Has them loaded by a loader that was prepared for them, unless they are loaded already. */
    static synchronized void loadBy(BundleLoader prepared) {
        if (loader == null) loader = prepared;
    }

    static synchronized boolean areLoaded() {
        return loader != null;
    }

    /** A new driver, of a class of the bundle. */
    static LinkProvider provider(String type) throws IOException {
        try {
            return (LinkProvider)
                    Class.forName(type, true, loader()).getConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IOException(
                    type + " is not in usernet.jar as it was built: use an unchanged one", e);
        }
    }
}
