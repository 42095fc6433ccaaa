package io.usernet;

import io.usernet.aio.AioProvider;
import io.usernet.config.Impairment;
import io.usernet.config.Settings;
import io.usernet.config.Settings.Attachment;
import io.usernet.config.StackConfig;
import io.usernet.config.Sysctl;
import io.usernet.link.FrameObserver;
import io.usernet.link.LinkAddresses;
import io.usernet.link.LinkDevice;
import io.usernet.link.Links;
import io.usernet.link.wrap.ImpairLink;
import io.usernet.metrics.Counter;
import io.usernet.metrics.ImpairmentCounts;
import io.usernet.metrics.Usage;
import io.usernet.nio.StackSelectorProvider;
import io.usernet.runtime.Engine;
import io.usernet.stack.Arrival;
import io.usernet.stack.FlowQueue;
import io.usernet.stack.NetworkStack;
import io.usernet.view.InterfaceView;
import io.usernet.view.NeighborView;
import io.usernet.view.RouteView;
import io.usernet.view.SocketView;
import io.usernet.wire.Cidr;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.nio.channels.spi.SelectorProvider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * A TCP/IP stack in this JVM: a host of its own, with its own addresses, ports and connections. Open
 * as many as you like.
 *
 * <pre>{@code
 * try (Stack stack = Stack.builder()
 *         .link("tap:usernet0?host=10.0.0.1/24")
 *         .address("10.0.0.2/24")
 *         .open()) {
 *     ServerSocketChannel server = stack.provider().openServerSocketChannel();
 *     ...
 * }
 * }</pre>
 *
 * <p>Thread-safe. Until it is closed it has one daemon thread. When the JVM ends, stacks that are
 * still open deliver what {@code write} has accepted, for at most {@code usernet.exit.timeout}.
 */
public final class Stack implements AutoCloseable {
    private static final AtomicInteger OPENED = new AtomicInteger();

    private final Settings settings;
    private final Engine engine;
    private final Decorators decorators;
    private final SelectorProvider provider;
    private final AioProvider asynchronousProvider;
    private final Thread exitHook;

    private Stack(Settings settings, Engine engine, Decorators decorators) {
        this.decorators = decorators;
        this.settings = settings;
        this.engine = engine;
        this.provider = new StackSelectorProvider(() -> engine, settings::passThrough);
        this.asynchronousProvider = new AioProvider(provider);
        this.exitHook = new Thread(this::atExit, "usernet-exit");
        exitHook.setDaemon(true); // not one of the application's, for other stacks' hooks
    }

    /**
     * Begins to describe a stack: with the loopback alone, unless something is set.
     *
     * @return a builder for one stack
     */
    public static Builder builder() {
        return new Builder();
    }

    static Stack open(Settings settings, List<LinkDevice> given) throws IOException {
        return open(() -> settings, given);
    }

    /** The given links are ours from now on; null: named in the settings. */
    private static Stack open(Supplier<Settings> wanted, List<LinkDevice> given)
            throws IOException {
        List<LinkDevice> devices = new ArrayList<>();
        boolean attached = false;
        try {
            Settings settings = wanted.get();
            Settings complete = attach(settings, given, devices);
            attached = true; // decorators may take the place of devices
            Decorators decorators = Decorators.wrap(settings, devices);
            Engine engine = engine(complete, devices, decorators.observer());
            Stack stack = new Stack(complete, engine, decorators);
            Runtime.getRuntime().addShutdownHook(stack.exitHook);
            return stack;
        } catch (Throwable t) {
            for (LinkDevice device : devices) device.close();
            for (LinkDevice device : attached ? List.<LinkDevice>of() : given) {
                if (device != null && !devices.contains(device)) device.close();
            }
            throw t;
        }
    }

    /**
     * Opens the links that the settings name.
     *
     * @param given by the embedder, in the place of those that the settings don't name
     * @param devices takes the links
     * @return the settings with the addresses that links assign
     */
    private static Settings attach(
            Settings settings, List<LinkDevice> given, List<LinkDevice> devices)
            throws IOException {
        List<Attachment> attachments = new ArrayList<>();
        int gateway = settings.gateway();
        for (int i = 0; i < Math.max(given.size(), settings.links().size()); i++) {
            Attachment wanted =
                    i < settings.links().size() ? settings.links().get(i) : Attachment.NONE;
            LinkDevice device = i < given.size() ? given.get(i) : null;
            if (device == null && wanted.link() != null) {
                device = open(wanted, i + 1, settings.anyAddress());
            }
            if (device != null) devices.add(device);
            if (device != null && wanted.addresses().isEmpty()) {
                LinkAddresses assigned = device.assigned();
                wanted = new Attachment(wanted.link(), assigned.addresses());
                if (gateway == 0) gateway = assigned.gateway();
            }
            attachments.add(wanted);
        }
        return settings.with(attachments, gateway);
    }

    private static LinkDevice open(Attachment wanted, int number, boolean anyAddress)
            throws IOException {
        try {
            return Links.open(wanted.link(), wanted.addresses(), anyAddress);
        } catch (IllegalArgumentException e) {
            if (number == 1) throw e;
            throw new IllegalArgumentException(numbered(e.getMessage(), number), e);
        } catch (IOException e) {
            if (number == 1) throw e;
            throw new IOException(numbered(e.getMessage(), number), e);
        }
    }

    /** What is said about a link names the properties of the first one. */
    private static String numbered(String message, int number) {
        return message.replace(Settings.LINK + "=", Settings.LINK + "." + number + "=")
                .replace(Settings.ADDRESS, Settings.ADDRESS + "." + number);
    }

    private static Engine engine(
            Settings settings, List<LinkDevice> devices, FrameObserver observer)
            throws IOException {
        String name = "usernet-" + OPENED.incrementAndGet();
        try {
            return Engine.open(config(settings), devices, observer, name);
        } catch (OutOfMemoryError e) {
            throw new IOException(
                    Settings.MEMORY
                            + "="
                            + settings.memory()
                            + ": the JVM allows less direct memory than a stack begins with; give"
                            + " it -XX:MaxDirectMemorySize=8m or more",
                    e);
        }
    }

    private static StackConfig config(Settings settings) throws IOException {
        StackConfig config = settings.stack();
        if (!settings.passThrough().loopback()) return config;
        return config.withHost(HostAddresses.besides(settings.addresses()));
    }

    private void forwardFlows(FlowForwarder forwarder) throws IOException {
        FlowQueue flows = engine.forwardFlows();
        Thread thread = new Thread(() -> forward(flows, forwarder), engine.name() + "-flows");
        thread.setDaemon(true);
        thread.start();
    }

    private void forward(FlowQueue flows, FlowForwarder forwarder) {
        while (!flows.isClosed()) {
            Arrival next = flows.poll();
            if (next == null) Engine.await(flows.waiter(), flows::isReady, Long.MAX_VALUE);
            else if (next instanceof Arrival.Tcp tcp) forward(tcp, forwarder);
            else if (next instanceof Arrival.Udp udp) forward(udp, flows, forwarder);
            Thread.interrupted(); // the forwarder's affair, and it is over
        }
    }

    private void forward(Arrival.Tcp arrival, FlowForwarder forwarder) {
        TcpFlow flow = new TcpFlow(provider, engine, arrival.flow());
        try {
            forwarder.tcp(flow);
        } catch (Throwable e) {
            flow.reject();
            System.getLogger("io.usernet")
                    .log(Level.WARNING, "the forwarder failed: " + flow + " is rejected", e);
        }
    }

    private void forward(Arrival.Udp arrival, FlowQueue flows, FlowForwarder forwarder) {
        UdpFlow flow = new UdpFlow(provider, engine, flows, arrival);
        try {
            forwarder.udp(flow);
        } catch (Throwable e) {
            flow.reject();
            System.getLogger("io.usernet")
                    .log(Level.WARNING, "the forwarder failed: " + flow + " is rejected", e);
        }
    }

    Engine engine() {
        return engine;
    }

    /** {@return what opens channels and selectors on this stack} Hand it to whatever takes a provider. */
    public SelectorProvider provider() {
        return provider;
    }

    /**
     * {@return what opens asynchronous channels on this stack, and groups for them} Its default group
     * ends with the stack; others are shut down by who opened them.
     */
    public AsynchronousChannelProvider asynchronousProvider() {
        return asynchronousProvider;
    }

    /** {@return the stack's own addresses, without the loopback} */
    public List<Cidr> addresses() {
        return settings.addresses();
    }

    /** {@return what was counted so far; counters that are 0 are left out} A snapshot. */
    public Map<Counter, Long> counters() {
        return engine.counters().snapshot();
    }

    /**
     * {@return what the stack holds now: connections, ports, frames, memory}
     *
     * @throws IOException if the stack is closed
     */
    public Usage usage() throws IOException {
        return engine.ask(NetworkStack::usage);
    }

    /**
     * Changes what is done to the frames of all links, from now on. With a seed, decisions begin anew
     * from it; without, they go on as they were drawn. A frame that is delayed already keeps its time.
     *
     * @throws IllegalStateException if the stack was opened without {@link Builder#impair}
     */
    public void impair(Impairment impairment) {
        List<ImpairLink> links = decorators.impaired();
        for (int i = 0; i < links.size(); i++)
            links.get(i).impair(Decorators.ofLink(i, impairment));
    }

    /**
     * {@return what is done to the frames of each link now, with the seed of the first; those of the
     * others count up from there}
     *
     * @throws IllegalStateException if the stack was opened without {@link Builder#impair}
     */
    public Impairment impairment() {
        return decorators.impaired().get(0).impairment();
    }

    /**
     * Cuts a peer, or a network of them, off: from now on no packet from or to it passes a link, nor
     * ARP about it. Broadcasts still go out. The stack notices as it would if a cable were cut: by
     * timeouts.
     *
     * @param peers an IPv4 address beyond the link, {@code 10.0.0.1}, or a network, {@code 10.0.0.0/8}
     * @throws IllegalArgumentException if it is neither
     * @throws IllegalStateException if the stack was opened without {@link Builder#impair}
     */
    public void partition(String peers) {
        Cidr cidr = Cidr.parse(peers);
        for (ImpairLink link : decorators.impaired()) link.partition(cidr);
    }

    /**
     * Ends a {@link #partition} of exactly these peers; does nothing if there is none.
     *
     * @throws IllegalArgumentException if it is neither an address nor a network
     * @throws IllegalStateException if the stack was opened without {@link Builder#impair}
     */
    public void heal(String peers) {
        Cidr cidr = Cidr.parse(peers);
        for (ImpairLink link : decorators.impaired()) link.heal(cidr);
    }

    /**
     * Ends all partitions.
     *
     * @throws IllegalStateException if the stack was opened without {@link Builder#impair}
     */
    public void heal() {
        for (ImpairLink link : decorators.impaired()) link.heal();
    }

    /**
     * {@return what the impairment and partitions did to the frames of all links so far} A snapshot.
     *
     * @throws IllegalStateException if the stack was opened without {@link Builder#impair}
     */
    public ImpairmentCounts impairments() {
        return decorators.impaired().stream()
                .map(ImpairLink::counts)
                .reduce(ImpairmentCounts.NONE, ImpairmentCounts::plus);
    }

    /**
     * {@return all sockets, as {@code ss -an} lists them, in {@link SocketView#ORDER}: {@code
     * System.out.print(Tables.ss(stack.sockets()))}} This and the views below are snapshots of one
     * moment each. Taking one holds the stack up for a time in proportion to its length, some 0.8 us
     * an entry.
     *
     * @throws IOException if the stack is closed
     */
    public List<SocketView> sockets() throws IOException {
        List<SocketView> all = engine.ask(NetworkStack::socketViews);
        all.sort(SocketView.ORDER);
        return Collections.unmodifiableList(all);
    }

    /**
     * {@return the neighbours on links of layer 2, as {@code ip neigh} lists them}
     *
     * @throws IOException if the stack is closed
     */
    public List<NeighborView> neighbors() throws IOException {
        return engine.ask(NetworkStack::neighborViews);
    }

    /**
     * {@return the routes in the order in which they are looked at, as {@code ip route show table all}
     * lists them}
     *
     * @throws IOException if the stack is closed
     */
    public List<RouteView> routes() throws IOException {
        return engine.ask(NetworkStack::routeViews);
    }

    /**
     * {@return the loopback and the links, with addresses and traffic, as {@code ip -s addr} lists
     * them}
     *
     * @throws IOException if the stack is closed
     */
    public List<InterfaceView> interfaces() throws IOException {
        return engine.ask(NetworkStack::interfaceViews);
    }

    /**
     * Closes the stack at once: connections are reset, channels fail, the link is closed. Closing
     * again does nothing. Returns when the stack's thread has ended.
     */
    @Override
    public void close() {
        close(Duration.ZERO);
    }

    /**
     * Closes all connections in good order, as if their channels were closed, waits until what was
     * written is delivered, but not longer than {@code limit}, and then closes the stack.
     */
    public void close(Duration limit) {
        try {
            Runtime.getRuntime().removeShutdownHook(exitHook);
        } catch (IllegalStateException e) {
            // The JVM is ending and the hook runs, or will: closing twice is harmless.
        }
        asynchronousProvider.close();
        engine.close(limit.toNanos());
    }

    private void atExit() {
        engine.drainAtExit(TimeUnit.MILLISECONDS.toNanos(settings.exitTimeoutMs()));
        decorators.finish();
    }

    /** Describes a stack; not thread-safe. */
    public static final class Builder {
        private final Settings.Builder settings = new Settings.Builder();
        private final List<LinkDevice> devices = new ArrayList<>(); // null: named in the settings
        private final StringBuilder addresses = new StringBuilder(); // of the last link
        private FlowForwarder forwarder; // or null

        private Builder() {}

        /**
         * Connects the stack to a link named by a URI, such as {@code tap:usernet0}. A stack may have
         * up to {@value Settings#MAX_LINKS}; addresses that follow belong to this one.
         *
         * @return this
         * @throws IllegalStateException if it has that many
         */
        public Builder link(String uri) {
            Objects.requireNonNull(uri, "uri");
            attach(null);
            settings.set(property(Settings.LINK), uri);
            return this;
        }

        /**
         * Connects the stack to a link of the caller's, which the stack closes, also where it cannot
         * be opened.
         *
         * @return this
         * @throws IllegalStateException if it has the most links already
         */
        public Builder link(LinkDevice device) {
            attach(Objects.requireNonNull(device, "device"));
            return this;
        }

        private void attach(LinkDevice device) {
            if (devices.size() == Settings.MAX_LINKS) {
                throw new IllegalStateException(
                        "a stack has at most " + Settings.MAX_LINKS + " links");
            }
            if (!devices.isEmpty()) addresses.setLength(0); // those before the first are its own
            devices.add(device);
        }

        private String property(String base) {
            return devices.size() < 2 ? base : base + "." + devices.size();
        }

        /**
         * Gives the stack an address on the link named last, with its network's prefix: {@code
         * 10.0.0.2/24}. Repeatable.
         *
         * @return this
         * @throws IllegalArgumentException if it is wrong: one line names the setting, the value and the
         *     remedy
         */
        public Builder address(String cidr) {
            addresses.append(addresses.length() == 0 ? "" : ",").append(cidr);
            settings.set(property(Settings.ADDRESS), addresses.toString());
            return this;
        }

        /**
         * Takes datagrams to any address as if it were the stack's: who listens on the wildcard
         * address is connected to whatever address a peer asked for.
         *
         * @return this
         */
        public Builder acceptAnyAddress() {
            settings.set(Settings.ANY_ADDRESS, "true");
            return this;
        }

        /**
         * Lets {@code forwarder} decide about flows that nobody listens for, in the place of resetting
         * them.
         *
         * @return this
         */
        public Builder forwardFlows(FlowForwarder forwarder) {
            this.forwarder = Objects.requireNonNull(forwarder, "forwarder");
            return this;
        }

        /**
         * Sets the default gateway, which must be in a network of one of the addresses.
         *
         * @return this
         * @throws IllegalArgumentException if it is wrong: one line names the setting, the value and the
         *     remedy
         */
        public Builder gateway(String address) {
            settings.set(Settings.GATEWAY, address);
            return this;
        }

        /**
         * Sets which addresses the kernel serves in the place of the stack, as {@code
         * usernet.passthrough} says it: {@code none}, or with commas {@code loopback}, {@code
         * unrouted}, {@code unix} and IPv4 networks such as {@code 192.168.0.0/16}. Channels that the
         * kernel serves can be opened where the JVM lets us reach the JDK's own provider: with {@code
         * --add-exports java.base/sun.nio.ch=io.usernet.provider}, or {@code =ALL-UNNAMED} from the
         * class path, or with usernet.jar as an agent.
         *
         * @return this
         * @throws IllegalArgumentException if it is wrong: one line names the setting, the value and the
         *     remedy
         */
        public Builder passThrough(String rules) {
            settings.set(Settings.PASSTHROUGH, rules);
            return this;
        }

        /**
         * Sets the most bytes of direct memory for packets and queues, 4 MiB to 1 TiB; 256 MiB if not
         * set.
         *
         * @return this
         * @throws IllegalArgumentException if it is wrong: one line names the setting, the value and the
         *     remedy
         */
        public Builder memory(long bytes) {
            settings.set(Settings.MEMORY, Long.toString(bytes));
            return this;
        }

        /**
         * Prints a line a packet, to {@code stderr} or to a file of that name, which is overwritten.
         *
         * @return this
         * @throws IllegalArgumentException if it is wrong: one line names the setting, the value and the
         *     remedy
         */
        public Builder trace(String target) {
            settings.set(Settings.TRACE, target);
            return this;
        }

        /**
         * Captures packets into a pcapng file, which is overwritten.
         *
         * @return this
         * @throws IllegalArgumentException if it is wrong: one line names the setting, the value and the
         *     remedy
         */
        public Builder capture(String file) {
            settings.set(Settings.CAPTURE, file);
            return this;
        }

        /**
         * Sets what is done to the frames of each link: loss, delay and the like. {@link
         * Impairment#NONE} does nothing until {@link Stack#impair} or {@link Stack#partition} does.
         *
         * @return this
         */
        public Builder impair(Impairment impairment) {
            settings.set(Settings.IMPAIR, impairment.toString());
            return this;
        }

        /**
         * Sets what has a name of Linux's.
         *
         * @param value the first number, where the setting has several
         * @return this
         * @throws IllegalArgumentException if it is wrong: one line names the setting, the value and the
         *     remedy
         */
        public Builder sysctl(Sysctl sysctl, long value) {
            settings.set(Settings.PREFIX + sysctl.key(), Long.toString(value));
            return this;
        }

        /**
         * Sets any setting by the full name of its property, such as {@code usernet.exit.timeout}.
         *
         * @return this
         * @throws IllegalArgumentException if it is wrong: one line names the setting, the value and the
         *     remedy
         */
        public Builder set(String property, String value) {
            settings.set(property, value);
            return this;
        }

        /**
         * Opens the stack.
         *
         * @return a stack with a thread of its own, to be closed
         * @throws IllegalArgumentException if a setting is wrong; one line names it and the remedy
         * @throws IOException if the link cannot be opened; likewise
         */
        public Stack open() throws IOException {
            Stack stack = Stack.open(settings::build, devices);
            try {
                if (forwarder != null) stack.forwardFlows(forwarder);
            } catch (Throwable t) {
                stack.close();
                throw t;
            }
            return stack;
        }
    }
}
