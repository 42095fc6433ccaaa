package io.usernet.config;

import io.usernet.wire.Cidr;
import io.usernet.wire.Ipv4Address;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;

/**
 * Everything that a user can set for a stack, checked. Immutable. This is the one place that reads
 * system properties.
 *
 * @param links what the stack is connected to; the first is there also where it is only addresses,
 *     with the loopback inside the JVM alone
 * @param anyAddress whether datagrams to any address are taken as if it were the stack's
 * @param gateway the default gateway, 0: none
 * @param trace where a line a packet goes: {@code stderr}, a file's name, or null: nowhere
 * @param capture into which file packets are captured, or null: nowhere
 * @param impair what is done to the frames of each link; null: nothing, and that cannot be changed
 * @param passThrough which addresses the kernel serves in the place of the stack
 * @param memory most bytes of direct memory for packets and queues; 4 MiB to 1 TiB
 * @param exitTimeoutMs how long the end of the JVM may be delayed until data that was accepted by
 *     write is delivered; 0: not at all
 * @param inlineWriters whether the thread that writes may run the stack itself
 * @param sysctls settings with Linux's names
 */
public record Settings(
        List<Attachment> links,
        boolean anyAddress,
        int gateway,
        String trace,
        CaptureConfig capture,
        Impairment impair,
        PassThrough passThrough,
        long memory,
        int exitTimeoutMs,
        boolean inlineWriters,
        Sysctls sysctls) {
    /** What all our properties begin with. */
    public static final String PREFIX = "usernet.";

    /** Properties other than {@link Sysctl}s. */
    public static final String LINK = "usernet.link",
            ADDRESS = "usernet.address",
            ANY_ADDRESS = "usernet.any.address",
            GATEWAY = "usernet.gateway",
            TRACE = "usernet.trace",
            CAPTURE = "usernet.capture",
            CAPTURE_SNAPLEN = "usernet.capture.snaplen",
            CAPTURE_BUFFER = "usernet.capture.buffer",
            CAPTURE_SIZE = "usernet.capture.size",
            CAPTURE_FILES = "usernet.capture.files",
            IMPAIR = "usernet.impair",
            PASSTHROUGH = "usernet.passthrough",
            PASSTHROUGH_WILDCARD = "usernet.passthrough.wildcard",
            MEMORY = "usernet.memory",
            EXIT_TIMEOUT = "usernet.exit.timeout",
            INLINE_WRITERS = "usernet.inline.writers",
            CONFIG = "usernet.config";

    private static final Set<String> OTHERS =
            Set.of(
                    ANY_ADDRESS,
                    GATEWAY,
                    TRACE,
                    CAPTURE,
                    CAPTURE_SNAPLEN,
                    CAPTURE_BUFFER,
                    CAPTURE_SIZE,
                    CAPTURE_FILES,
                    IMPAIR,
                    PASSTHROUGH,
                    PASSTHROUGH_WILDCARD,
                    MEMORY,
                    EXIT_TIMEOUT,
                    INLINE_WRITERS,
                    CONFIG);

    private static final String MEMORY_REMEDY =
            "give 4m to 1024g; the default is 256m, or half of the heap if that is less";

    private static final long MAX_MEMORY = 1024L << 30;

    /**
     * A link and the stack's addresses on it.
     *
     * @param link as a link URI such as {@code tap:usernet0}; null: none, or one that the embedder
     *     gives
     * @param addresses with the lengths of their networks' prefixes; empty: those that the link's
     *     other end assigns
     */
    public record Attachment(String link, List<Cidr> addresses) {
        /** Nothing. */
        public static final Attachment NONE = new Attachment(null, List.of());

        /** Copies the addresses. */
        public Attachment {
            addresses = List.copyOf(addresses);
        }
    }

    /** Most links of a stack. */
    public static final int MAX_LINKS = 9;

    /**
     * Checks the whole.
     *
     * @throws IllegalArgumentException with one line that names the property, its value and the remedy
     */
    public Settings {
        links = links.isEmpty() ? List.of(Attachment.NONE) : List.copyOf(links);
        if (memory < StackConfig.MIN_MEMORY || memory > MAX_MEMORY) {
            throw wrong(MEMORY, Long.toString(memory), MEMORY_REMEDY);
        }
        if (exitTimeoutMs < 0) {
            throw wrong(
                    EXIT_TIMEOUT, Integer.toString(exitTimeoutMs), "give milliseconds, 0 or more");
        }
        for (int i = 0; i < links.size(); i++) {
            for (Cidr cidr : links.get(i).addresses()) {
                if (StackConfig.isHost(cidr)) continue;
                String name = i == 0 ? ADDRESS : ADDRESS + "." + (i + 1);
                throw wrong(
                        name, cidr.toString(), "give a host's own address, such as 10.0.0.2/24");
            }
        }
        List<Cidr> addresses = addresses(links);
        boolean assigned = addresses.isEmpty() && links.get(0).link() != null; // looked at later
        if (gateway != 0 && !assigned && !StackConfig.isNeighbor(gateway, addresses)) {
            throw wrong(
                    GATEWAY,
                    Ipv4Address.format(gateway),
                    addresses.isEmpty()
                            ? "set " + ADDRESS + " too, to an address in the gateway's network"
                            : "it is no other host in the networks of "
                                    + ADDRESS
                                    + ", "
                                    + addresses
                                    + ": give one that is, or leave it out");
        }
    }

    private static List<Cidr> addresses(List<Attachment> links) {
        return links.stream().flatMap(link -> link.addresses().stream()).toList();
    }

    /** {@return the first link, as a URI; null: none} */
    public String link() {
        return links.get(0).link();
    }

    /** {@return the stack's own addresses on all links, as far as the user gave them} */
    public List<Cidr> addresses() {
        return addresses(links);
    }

    /** {@return the same settings with other links, and another gateway (0: none)} */
    public Settings with(List<Attachment> otherLinks, int otherGateway) {
        return new Settings(
                otherLinks,
                anyAddress,
                otherGateway,
                trace,
                capture,
                impair,
                passThrough,
                memory,
                exitTimeoutMs,
                inlineWriters,
                sysctls);
    }

    /** {@return what applies if nothing is set: the loopback inside the JVM alone} */
    public static Settings defaults() {
        return new Builder().build();
    }

    /**
     * Reads the system properties, and the file that {@code usernet.config} names; a system property
     * wins over the file's.
     *
     * @return what they say, and the defaults for all else
     * @throws IllegalArgumentException with one line that names the property, its value and the remedy
     */
    public static Settings fromSystemProperties() {
        return from(System.getProperties());
    }

    /** {@return the same from other properties} */
    public static Settings from(Properties properties) {
        return from(given(properties));
    }

    /**
     * {@return what properties, and the file that {@code usernet.config} among them names, say: values
     * by the settings' full names, not checked yet} What is not in it has its default.
     *
     * @throws IllegalArgumentException if the file cannot be read, with one line that names it and the
     *     remedy
     */
    public static Map<String, String> given(Properties properties) {
        Map<String, String> all = new TreeMap<>();
        String file = properties.getProperty(CONFIG);
        if (file != null && !file.isBlank()) readFile(file.trim(), all);
        for (String name : properties.stringPropertyNames()) {
            if (name.startsWith(PREFIX)) all.put(name, properties.getProperty(name).trim());
        }
        all.remove(CONFIG);
        return all;
    }

    /** {@return whether there is a property of this full name, {@code usernet.config} included} */
    public static boolean isSetting(String name) {
        return OTHERS.contains(name)
                || Builder.SYSCTLS.containsKey(name)
                || Builder.isNumbered(name, LINK)
                || Builder.isNumbered(name, ADDRESS);
    }

    /** {@return what the core of a stack needs of this} */
    public StackConfig stack() {
        List<List<Cidr>> addresses = links.stream().map(Attachment::addresses).toList();
        return new StackConfig(
                addresses, anyAddress, gateway, sysctls, memory, inlineWriters, List.of());
    }

    private static void readFile(String file, Map<String, String> into) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of(file))) {
            properties.load(reader);
        } catch (NoSuchFileException e) {
            throw wrong(CONFIG, file, "there is no such file");
        } catch (AccessDeniedException e) {
            throw wrong(CONFIG, file, "no permission to read this file");
        } catch (CharacterCodingException e) {
            throw wrong(CONFIG, file, "this is no properties file: it is not text in UTF-8");
        } catch (IOException | IllegalArgumentException e) {
            throw wrong(CONFIG, file, "it cannot be read: " + e.getMessage());
        }
        for (String name : properties.stringPropertyNames()) {
            if (name.equals(CONFIG)) {
                throw wrong(CONFIG, file, "the file names another file; write the settings in one");
            }
            String full = name.startsWith(PREFIX) ? name : PREFIX + name;
            into.put(full, properties.getProperty(name).trim());
        }
    }

    private static Settings from(Map<String, String> properties) {
        Builder builder = new Builder();
        properties.forEach(builder::set);
        return builder.build();
    }

    static IllegalArgumentException wrong(String name, String value, String remedy) {
        return new IllegalArgumentException(name + "=" + value + ": " + remedy);
    }

    /** Collects settings by name; the order doesn't matter, because they are checked at the end. */
    public static final class Builder {
        private static final Map<String, Sysctl> SYSCTLS = new TreeMap<>();

        static {
            for (Sysctl sysctl : Sysctl.values()) SYSCTLS.put(PREFIX + sysctl.key(), sysctl);
        }

        private final TreeMap<Integer, String> links = new TreeMap<>(); // by number, from 1 on
        private final TreeMap<Integer, List<Cidr>> addresses = new TreeMap<>();
        private boolean anyAddress;
        private int gateway;
        private String trace;
        private String capture;
        private int captureSnaplen = CaptureConfig.MAX_SNAPLEN;
        private long captureBuffer = CaptureConfig.DEFAULT_BUFFER;
        private long captureSize;
        private int captureFiles;
        private Impairment impair;
        private String passThrough = "none";
        private String passThroughWildcard = "stack";
        private long memory = defaultMemory();
        private int exitTimeoutMs = 10_000;
        private boolean inlineWriters;
        private Sysctls sysctls = Sysctls.defaults();

        /** Begins with the defaults. */
        public Builder() {}

        /** The JVM allows as much direct memory as heap, and the application wants some of it. */
        private static long defaultMemory() {
            long half = Runtime.getRuntime().maxMemory() / 2;
            return Math.max(StackConfig.MIN_MEMORY, Math.min(256L << 20, half));
        }

        /**
         * Sets one property, by its full name.
         *
         * @return this
         * @throws IllegalArgumentException if there is no such property, or the value isn't one
         */
        public Builder set(String name, String value) {
            Sysctl sysctl = SYSCTLS.get(name);
            if (sysctl != null) {
                sysctls = sysctls.with(sysctl, value);
                return this;
            }
            if (isNumbered(name, LINK)) {
                links.put(number(name, LINK), value);
                return this;
            }
            if (isNumbered(name, ADDRESS)) {
                addresses.put(number(name, ADDRESS), parseAddresses(name, value));
                return this;
            }
            switch (name) {
                case ANY_ADDRESS -> anyAddress = parseBoolean(name, value);
                case GATEWAY -> gateway = parseGateway(value);
                case TRACE -> trace = value.isEmpty() ? null : value;
                case CAPTURE -> capture = value.isEmpty() ? null : value;
                case CAPTURE_SNAPLEN ->
                        captureSnaplen = parseCount(name, value, CaptureConfig.SNAPLEN_REMEDY);
                case CAPTURE_BUFFER ->
                        captureBuffer =
                                parseBytes(
                                        name,
                                        value,
                                        CaptureConfig.MIN_BUFFER,
                                        CaptureConfig.MAX_BUFFER,
                                        CaptureConfig.BUFFER_REMEDY);
                case CAPTURE_SIZE ->
                        captureSize =
                                value.equals("0")
                                        ? 0
                                        : parseBytes(
                                                name,
                                                value,
                                                CaptureConfig.MIN_SIZE,
                                                CaptureConfig.MAX_SIZE,
                                                CaptureConfig.SIZE_REMEDY);
                case CAPTURE_FILES ->
                        captureFiles = parseCount(name, value, CaptureConfig.FILES_REMEDY);
                case IMPAIR -> impair = parseImpairment(value);
                case PASSTHROUGH -> passThrough = value;
                case PASSTHROUGH_WILDCARD -> passThroughWildcard = value;
                case MEMORY ->
                        memory =
                                parseBytes(
                                        name,
                                        value,
                                        StackConfig.MIN_MEMORY,
                                        MAX_MEMORY,
                                        MEMORY_REMEDY);
                case EXIT_TIMEOUT ->
                        exitTimeoutMs =
                                parseCount(
                                        name,
                                        value,
                                        "give milliseconds, such as 10000; 0: don't wait");
                case INLINE_WRITERS -> inlineWriters = parseBoolean(name, value);
                default -> throw wrong(name, value, "there is no such setting" + nearest(name));
            }
            return this;
        }

        /** Whether it is {@code base}, which means the first, or {@code base.2} to {@code base.9}. */
        private static boolean isNumbered(String name, String base) {
            return name.equals(base)
                    || name.length() == base.length() + 2
                            && name.startsWith(base + ".")
                            && name.charAt(base.length() + 1) >= '2'
                            && name.charAt(base.length() + 1) <= '0' + MAX_LINKS;
        }

        private static int number(String name, String base) {
            return name.equals(base) ? 1 : name.charAt(base.length() + 1) - '0';
        }

        private static List<Cidr> parseAddresses(String name, String text) {
            List<Cidr> parsed = new ArrayList<>();
            if (text.isEmpty()) return parsed;
            for (String one : text.split("[,\\s]+")) {
                try {
                    parsed.add(Cidr.parse(one));
                } catch (IllegalArgumentException e) {
                    throw wrong(name, text, e.getMessage() + "; write for example 10.0.0.2/24");
                }
                if (one.indexOf('/') < 0) {
                    throw wrong(
                            name,
                            text,
                            "add the length of its network's prefix, such as "
                                    + one
                                    + "/24; /32: it has no neighbours");
                }
            }
            return parsed;
        }

        private static int parseGateway(String text) {
            if (text.isEmpty()) return 0;
            try {
                return Ipv4Address.parse(text);
            } catch (IllegalArgumentException e) {
                throw wrong(GATEWAY, text, e.getMessage() + "; write for example 10.0.0.1");
            }
        }

        private static Impairment parseImpairment(String text) {
            if (text.isEmpty()) return null;
            try {
                return Impairment.parse(text);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(IMPAIR + "=" + text + ": " + e.getMessage(), e);
            }
        }

        private static long parseBytes(
                String name, String text, long min, long max, String remedy) {
            String number = text.toLowerCase(Locale.ROOT);
            int unit = number.isEmpty() ? -1 : "kmg".indexOf(number.charAt(number.length() - 1));
            if (unit >= 0) number = number.substring(0, number.length() - 1);
            if (!number.matches("[0-9]{1,12}")) {
                throw wrong(name, text, "give bytes, or a number with k, m or g, such as 256m");
            }
            long count = Long.parseLong(number);
            int shift = 10 * (unit + 1);
            if (count > max >> shift || count << shift < min) throw wrong(name, text, remedy);
            return count << shift;
        }

        private static int parseCount(String name, String text, String remedy) {
            if (!text.matches("[0-9]{1,9}")) throw wrong(name, text, remedy);
            return Integer.parseInt(text);
        }

        /** Checked also where nothing is captured. */
        private CaptureConfig captureConfig() {
            CaptureConfig checked =
                    new CaptureConfig(
                            capture == null ? "" : capture,
                            captureSnaplen,
                            captureBuffer,
                            captureSize,
                            captureFiles);
            return capture == null ? null : checked;
        }

        private static boolean parseBoolean(String name, String text) {
            if (!text.equals("true") && !text.equals("false")) {
                throw wrong(name, text, "give true or false; the default is false");
            }
            return text.equals("true");
        }

        /** What a mistyped name may have meant: a setting that ends in the same word. */
        private static String nearest(String name) {
            String last = name.substring(name.lastIndexOf('.') + 1);
            for (String known : SYSCTLS.keySet()) {
                if (known.endsWith("." + last)) return "; did you mean " + known + "?";
            }
            return "; docs/configuration.md lists them";
        }

        /**
         * Checks the whole.
         *
         * @return settings that fit each other
         * @throws IllegalArgumentException with one line that names the property, value and remedy
         */
        public Settings build() {
            return new Settings(
                    attachments(),
                    anyAddress,
                    gateway,
                    trace,
                    captureConfig(),
                    impair,
                    PassThrough.parse(passThrough, passThroughWildcard),
                    memory,
                    exitTimeoutMs,
                    inlineWriters,
                    sysctls);
        }

        private List<Attachment> attachments() {
            int count = 1;
            if (!links.isEmpty()) count = links.lastKey();
            if (!addresses.isEmpty()) count = Math.max(count, addresses.lastKey());
            List<Attachment> attachments = new ArrayList<>();
            for (int n = 1; n <= count; n++) {
                String link = links.getOrDefault(n, "");
                List<Cidr> own = addresses.getOrDefault(n, List.of());
                attachments.add(new Attachment(link.isEmpty() ? null : link, own));
            }
            return attachments;
        }
    }
}
