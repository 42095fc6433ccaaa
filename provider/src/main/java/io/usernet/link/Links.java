package io.usernet.link;

import io.usernet.config.Settings;
import io.usernet.wire.Cidr;
import io.usernet.wire.Ipv4Address;
import java.io.IOException;
import java.util.List;
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
     * @param own the stack's own addresses; the link's other end, {@code host}, cannot have one of
     *     them
     * @param anyAddress whether the stack can do without an address of its own
     * @return the link, which the caller closes
     * @throws IllegalArgumentException if the URI is wrong; the message is one line for a user
     * @throws IOException if the link cannot be opened; the message is one line for a user
     */
    public static LinkDevice open(String uri, List<Cidr> own, boolean anyAddress)
            throws IOException {
        LinkUri parsed;
        try {
            parsed = LinkUri.parse(uri);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    Settings.LINK + "=" + uri + ": " + e.getMessage(), e);
        }
        requireOther(parsed.parameters().get("host"), uri, own);
        LinkProvider provider = provider(parsed, uri);
        if (own.isEmpty() && !anyAddress && !provider.assignsAddresses()) {
            throw new IllegalArgumentException(
                    Settings.LINK
                            + "="
                            + uri
                            + ": set "
                            + Settings.ADDRESS
                            + " too, such as 10.0.0.2/24");
        }
        return provider.open(parsed);
    }

    private static LinkProvider provider(LinkUri parsed, String uri) {
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
        return provider;
    }

    private static void requireOther(String host, String uri, List<Cidr> own) {
        if (host == null) return;
        for (Cidr cidr : own) {
            String address = Ipv4Address.format(cidr.address());
            if (host.equals(address) || host.startsWith(address + "/")) {
                throw new IllegalArgumentException(
                        Settings.LINK
                                + "="
                                + uri
                                + ": host="
                                + host
                                + " is the stack's own address, see "
                                + Settings.ADDRESS
                                + ": give the other end another one");
            }
        }
    }

    private static void find(ClassLoader loader, Map<String, LinkProvider> into) {
        for (LinkProvider provider : ServiceLoader.load(LinkProvider.class, loader)) {
            into.putIfAbsent(provider.scheme(), provider);
        }
    }
}
