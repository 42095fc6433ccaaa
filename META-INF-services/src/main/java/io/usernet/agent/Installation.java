package io.usernet.agent;

import io.usernet.UsernetSockets;
import io.usernet.bundle.NativeAccess;
import io.usernet.config.Settings;
import io.usernet.config.Settings.Attachment;
import io.usernet.link.LinkUri;
import io.usernet.nio.Kernel;
import java.io.IOException;
import java.lang.instrument.Instrumentation;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;

/**
 * What the agent does to the JVM. It loads no more than it needs, and initialises neither logging nor
 * the JVM's providers: the application does that, if at all. Doing it twice is harmless: the settings
 * are those of the last time.
 */
final class Installation {
    /** What the kernel serves where no setting says it. */
    private static final String DEFAULT_PASSTHROUGH = "loopback,unix";

    /** The JDK's own channels, and the sockets of {@code java.net}. */
    private static final String CHANNELS = "sun.nio.ch", SOCKETS = "java.net";

    /** Netty's, and that of the copy in gRPC, whose names the shading has changed. */
    private static final List<String> NO_NATIVE_TRANSPORT =
            List.of(
                    "io.netty.transport.noNative",
                    "io.grpc.netty.shaded.io.netty.transport.noNative");

    private final AgentOptions options;
    private final Instrumentation instrumentation;

    Installation(AgentOptions options, Instrumentation instrumentation) {
        this.options = options;
        this.instrumentation = instrumentation;
    }

    /**
     * Checks everything, and then does it.
     *
     * @throws IllegalArgumentException if an option or a setting is wrong, with one line that names it
     *     and the remedy; nothing is changed then
     * @throws IllegalStateException if it is too late, because somebody has opened channels, or has a
     *     socket factory; only in the latter case has the rest been done
     */
    void install() {
        Set<Provider> providers = EnumSet.of(Provider.CHANNELS);
        if (options.isOn(Part.ASYNCHRONOUS)) providers.add(Provider.ASYNCHRONOUS_CHANNELS);
        for (Provider provider : providers) provider.requireNoOther();
        Map<String, String> settings = settings();
        for (Provider provider : providers) provider.requireInTime(instrumentation);

        for (Provider provider : providers) provider.set();
        settings.forEach(System::setProperty);
        if (options.isOn(Part.INTERNALS)) openInternals(instrumentation);
        if (options.isOn(Part.NATIVE)) NativeAccess.allow(instrumentation);
        if (options.isOn(Part.SOCKETS)) routeSockets();
        if (options.isOn(Part.SELECTORS)) instrumentation.addTransformer(new SelectorNames());
        if (options.isOn(Part.NETTY)) {
            for (String name : NO_NATIVE_TRANSPORT) setUnlessSet(name, "true");
        }
    }

    /** What is to be set, checked together with what is set already. An option wins over that. */
    private Map<String, String> settings() {
        Map<String, String> settings = new TreeMap<>(options.settings());
        Properties all = (Properties) System.getProperties().clone();
        all.putAll(settings);
        if (options.isOn(Part.INTERNALS)
                && !Settings.given(all).containsKey(Settings.PASSTHROUGH)) {
            settings.put(Settings.PASSTHROUGH, DEFAULT_PASSTHROUGH);
            all.putAll(settings);
        }
        check(Settings.from(all).links());
        return settings;
    }

    /** Only how they are written: the rest is known to their drivers, which aren't loaded for it. */
    private static void check(List<Attachment> links) {
        for (int i = 0; i < links.size(); i++) {
            String link = links.get(i).link();
            if (link == null) continue;
            try {
                LinkUri.parse(link);
            } catch (IllegalArgumentException e) {
                String name = i == 0 ? Settings.LINK : Settings.LINK + "." + (i + 1);
                throw new IllegalArgumentException(name + "=" + link + ": " + e.getMessage(), e);
            }
        }
    }

    /** The provider's module is the unnamed one, unless the application has it on the module path. */
    private static void openInternals(Instrumentation instrumentation) {
        Set<Module> provider = Set.of(Settings.class.getModule());
        instrumentation.redefineModule(
                Object.class.getModule(),
                Set.of(),
                Map.of(CHANNELS, provider),
                Map.of(SOCKETS, provider),
                Set.of(),
                Map.of());
    }

    private static void routeSockets() {
        try {
            UsernetSockets.install();
        } catch (IOException e) {
            throw new IllegalStateException(e.getMessage() + "; or give the agent sockets=off", e);
        }
    }

    /** Makes the JVM choose what it would have chosen without us, unless the user chose already. */
    static void keepTheJdksProvider(Instrumentation instrumentation) throws IOException {
        openInternals(instrumentation);
        Provider.CHANNELS.setUnlessSet(Kernel.provider().getClass().getName());
    }

    private static void setUnlessSet(String property, String value) {
        if (System.getProperty(property) == null) System.setProperty(property, value);
    }
}
