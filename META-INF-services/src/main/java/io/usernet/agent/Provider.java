package io.usernet.agent;

import java.lang.instrument.Instrumentation;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.nio.channels.spi.SelectorProvider;
import java.util.Locale;
import java.util.function.Supplier;

/** A provider that the JVM chooses once, when somebody first needs it, by a system property. */
enum Provider {
    CHANNELS(
            "java.nio.channels.spi.SelectorProvider",
            "Holder",
            "io.usernet.UsernetProvider",
            SelectorProvider::provider,
            ""),
    ASYNCHRONOUS_CHANNELS(
            "java.nio.channels.spi.AsynchronousChannelProvider",
            "ProviderHolder",
            "io.usernet.UsernetAsynchronousProvider",
            AsynchronousChannelProvider::provider,
            ", or give the agent asynchronous=off");
    private final String property, holder, ours, orElse;
    private final Supplier<Object> choice;

    Provider(String property, String holder, String ours, Supplier<Object> choice, String orElse) {
        this.property = property;
        this.holder = property + "$" + holder;
        this.ours = ours;
        this.choice = choice;
        this.orElse = orElse;
    }

    /**
     * Refuses to overrule the user.
     *
     * @throws IllegalArgumentException with one line, if the property names another provider
     */
    void requireNoOther() {
        String set = System.getProperty(property);
        if (set == null || set.equals(ours)) return;
        throw new IllegalArgumentException(
                property
                        + "="
                        + set
                        + ": the agent sets it to "
                        + ours
                        + "; leave this property out"
                        + orElse);
    }

    /**
     * Whether ours can be chosen yet, or was. That somebody has made the JVM choose, such as another
     * agent, is seen by the class that holds the choice: to ask would be to choose.
     *
     * @throws IllegalStateException with one line, if another is chosen
     */
    void requireInTime(Instrumentation instrumentation) {
        if (!isLoaded(instrumentation, holder)) return;
        String chosen = choice.get().getClass().getName();
        if (chosen.equals(ours)) return;
        throw new IllegalStateException(
                "it is too late, this JVM has opened "
                        + name().toLowerCase(Locale.ROOT).replace('_', ' ')
                        + " by "
                        + chosen
                        + "; start it with -javaagent:usernet.jar=..., before other agents"
                        + orElse);
    }

    private static boolean isLoaded(Instrumentation instrumentation, String name) {
        for (Class<?> type : instrumentation.getAllLoadedClasses()) {
            if (type.getName().equals(name)) return true;
        }
        return false;
    }

    /** Has the JVM choose ours. */
    void set() {
        System.setProperty(property, ours);
    }

    /** Has the JVM choose another, unless the user has named one. */
    void setUnlessSet(String other) {
        if (System.getProperty(property) == null) System.setProperty(property, other);
    }
}
