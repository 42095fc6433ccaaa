package io.usernet.link;

import io.usernet.config.Settings;
import java.io.IOException;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;

/** Finds the provider of a link's scheme among the services, and opens the link. */
public final class Links {
    private Links() {}

    /**
     * Opens a link.
     *
     * @param uri such as {@code tap:usernet0?host=10.0.0.1/24}
     * @throws IllegalArgumentException if the URI is wrong; the message is one line for a user
     * @throws IOException if the link cannot be opened; the message is one line for a user
     */
    public static LinkDevice open(String uri) throws IOException {
        LinkUri parsed;
        try {
            parsed = LinkUri.parse(uri);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    Settings.LINK + "=" + uri + ": " + e.getMessage(), e);
        }
        Map<String, LinkProvider> providers = new TreeMap<>();
        find(Links.class.getClassLoader(), providers);
        find(ClassLoader.getSystemClassLoader(), providers);
        LinkProvider provider = providers.get(parsed.scheme());
        if (provider == null) {
            throw new IllegalArgumentException(
                    Settings.LINK
                            + "="
                            + uri
                            + ": nothing here serves '"
                            + parsed.scheme()
                            + ":' links, only "
                            + providers.keySet()
                            + "; put usernet.jar, or the driver's jars, on the class path");
        }
        return provider.open(parsed);
    }

    private static void find(ClassLoader loader, Map<String, LinkProvider> into) {
        for (LinkProvider provider : ServiceLoader.load(LinkProvider.class, loader)) {
            into.putIfAbsent(provider.scheme(), provider);
        }
    }
}
