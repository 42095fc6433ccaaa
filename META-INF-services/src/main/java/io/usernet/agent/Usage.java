package io.usernet.agent;

import io.usernet.config.Settings;
import io.usernet.config.Sysctl;
import java.util.Arrays;
import java.util.stream.Collectors;

/** What {@code java -jar usernet.jar} prints: how the jar is used, and all that can be set. */
public final class Usage {
    private static final String[][] SETTINGS = {
        {
            Settings.LINK,
            "tap:NAME, tun:NAME, unix:PATH, unixgram:PATH or passt; link.2 to link.9: more"
        },
        {Settings.ADDRESS, "the stack's own, such as 10.0.0.2/24; address.2 to address.9"},
        {Settings.GATEWAY, "where packets go that are for no network of an address"},
        {Settings.ANY_ADDRESS, "true: datagrams to any address are taken"},
        {
            Settings.PASSTHROUGH,
            "what the kernel serves: none, loopback, unrouted, unix, 10.1.0.0/16"
        },
        {Settings.PASSTHROUGH_WILDCARD, "who serves the wildcard address: stack, kernel, both"},
        {Settings.TRACE, "stderr, or a file: a line a packet"},
        {Settings.CAPTURE, "a file for Wireshark"},
        {Settings.CAPTURE_SNAPLEN, "most bytes of a packet in it"},
        {Settings.CAPTURE_BUFFER, "memory for packets that wait to be written, such as 16m"},
        {Settings.CAPTURE_SIZE, "most bytes of a file, such as 100m; then the next one is begun"},
        {Settings.CAPTURE_FILES, "how many of them to keep"},
        {Settings.IMPAIR, "a bad network: loss=1%,delay=5ms"},
        {Settings.MEMORY, "most memory for packets and queues, such as 256m"},
        {Settings.EXIT_TIMEOUT, "ms for which the JVM's end waits until all is delivered"},
        {Settings.INLINE_WRITERS, "true: threads that write run the stack themselves"},
        {Settings.CONFIG, "a file with more settings"},
    };

    private Usage() {}

    /**
     * Called by the JVM.
     *
     * @param arguments ignored: there is one text
     */
    public static void main(String[] arguments) {
        System.out.print(text(Usage.class.getPackage().getImplementationVersion()));
    }

    static String text(String version) {
        StringBuilder s = new StringBuilder();
        s.append("Usernet ").append(version).append(", a TCP/IP stack in Java behind java.nio.\n");
        s.append("This jar is an agent, which puts an application on the stack:\n\n");
        s.append("    java '-javaagent:usernet.jar=link=tap:usernet0?host=10.0.0.1/24,");
        s.append("address=10.0.0.2/24' -jar app.jar\n");
        s.append("\nSettings, KEY=VALUE with commas between; without the agent ");
        s.append("-Dusernet.KEY=VALUE:\n\n");
        for (String[] setting : SETTINGS) {
            String key = setting[0].substring(Settings.PREFIX.length());
            s.append(String.format("    %-21s %s%n", key, setting[1]));
        }
        s.append("\nSwitches of the agent, on unless KEY=off: ");
        s.append(Arrays.stream(Part.values()).map(Part::option).collect(Collectors.joining(", ")));
        s.append("\n\nLinux's settings, with what they are unless set:\n\n");
        for (Sysctl sysctl : Sysctl.values()) {
            s.append("    ").append(sysctl.key()).append('=').append(sysctl).append('\n');
        }
        s.append("\nMore is in docs/agent.md and docs/configuration.md of the sources.\n");
        return s.toString();
    }
}
