package io.usernet.igmp;

import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Slab;
import io.usernet.metrics.Counter;
import io.usernet.metrics.Counters;
import io.usernet.time.TimerWheel;
import io.usernet.wire.Checksum;
import io.usernet.wire.Igmp;
import io.usernet.wire.Ipv4;
import io.usernet.wire.Ipv4Address;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * IGMP of a host on one link: version 3 (RFC 3376 sections 5 and 7), and versions 2 and 1 (RFC 2236,
 * RFC 1112) for as long as a querier of theirs was heard. It reports each change of what the interface
 * receives, several times since reports may be lost, and answers queries after a random delay.
 *
 * <p>What is not from the neighbourhood (TTL other than 1), and queries of versions 2 and 3 without the
 * Router Alert option, are dropped, as section 9.1 advises: a forged one costs bandwidth. Confined to
 * the loop.
 */
public final class IgmpHost implements Reception.Observer {
    /** The way out. */
    public interface Owner {
        /**
         * Sends a datagram on the link and takes it over.
         *
         * @param datagram begins with the IP header
         */
        void transmit(Frame datagram, int dst, long nowNs);
    }

    /**
     * Sources of one group that queries ask about and that are remembered until the answer. Above that
     * the answer is for the whole group, which says no less (section 9.1: a flood of such queries).
     */
    private static final int MAX_ASKED = 400;

    private static final long TENTH_NS = TimeUnit.MILLISECONDS.toNanos(100);

    /** Section 8.11: the longest time between two reports of one change; of version 2, 10 s. */
    private static final long UNSOLICITED_NS = TimeUnit.SECONDS.toNanos(1);

    private static final long UNSOLICITED_V2_NS = TimeUnit.SECONDS.toNanos(10);

    /** Section 8.2, until a querier says another: time between its queries. */
    private static final long QUERY_INTERVAL_NS = TimeUnit.SECONDS.toNanos(125);

    /** Max Resp Time of version 1, in tenths of a second (section 7.2.1). */
    private static final int V1_RESPONSE = 100;

    /** Internetwork control (section 4). */
    private static final int TOS = 0xC0;

    private static final int TTL = 1;

    private final int address;
    private final int room; // bytes of the longest message
    private final int forced; // version, or 0
    private final int defaultRobustness;
    private final Counters counters;
    private final TimerWheel wheel;
    private final FramePool frames;
    private final Owner owner;
    private final SplittableRandom random;
    private final Reception reception = new Reception(this);
    private final Map<Integer, Group> groups = new HashMap<>(); // that have something to report
    private final GeneralResponse general = new GeneralResponse();

    private int robustness;
    private long queryIntervalNs = QUERY_INTERVAL_NS;
    private long v1UntilNs = Long.MIN_VALUE, v2UntilNs = Long.MIN_VALUE; // that querier is present
    private int version = 3; // as of the last look

    /** What is to be told about a group. */
    private final class Group {
        final int address;
        final Change change = new Change(this);
        final Response response = new Response(this);

        // -- reports of changes that are still to be sent, of version 3
        int modeChanges; // that say all of the filter, and what kind it is
        int[] changed = {}; // sources that were added or removed,
        int[] left = {}; // and in how many reports each is still to be

        int[] asked; // by the query that is to be answered: sources; null: about the group

        // -- before version 3
        int reports; // still to be sent without being asked
        boolean reporter; // nobody else has reported it since we did

        Group(int address) {
            this.address = address;
        }
    }

    /** When a change is reported once more. */
    private final class Change extends TimerWheel.Alarm {
        private final Group group;

        Change(Group group) {
            this.group = group;
        }

        @Override
        public void expire(long nowNs) {
            if (isOutdated(nowNs)) return;
            if (version == 3) reportChange(group, nowNs);
            else reportUnasked(group, nowNs);
        }
    }

    /** When a query about a group is answered; before version 3, about all of them too. */
    private final class Response extends TimerWheel.Alarm {
        private final Group group;

        Response(Group group) {
            this.group = group;
        }

        @Override
        public void expire(long nowNs) {
            if (isOutdated(nowNs)) return;
            if (version == 3) answer(group, nowNs);
            else report(group, nowNs);
            forgetIfDone(group);
        }
    }

    /** When a query about all groups is answered. */
    private final class GeneralResponse extends TimerWheel.Alarm {
        @Override
        public void expire(long nowNs) {
            if (!isOutdated(nowNs)) answerGeneral(nowNs);
        }
    }

    /**
     * @param address our own on the link; 0: none
     * @param mtu most bytes of a datagram on the link
     * @param seed of delays
     */
    public IgmpHost(
            int address,
            int mtu,
            Sysctls sysctls,
            Counters counters,
            TimerWheel wheel,
            FramePool frames,
            long seed,
            Owner owner) {
        this.address = address;
        this.room = Math.min(mtu - Ipv4.ALERT_HEADER, Slab.Size.SMALL.bytes());
        this.forced = sysctls.getInt(Sysctl.FORCE_IGMP_VERSION);
        this.defaultRobustness = sysctls.getInt(Sysctl.IGMP_QRV);
        this.robustness = defaultRobustness;
        this.counters = counters;
        this.wheel = wheel;
        this.frames = frames;
        this.random = new SplittableRandom(seed);
        this.owner = owner;
        if (forced != 0) version = forced;
    }

    /** What the interface receives. */
    public Reception reception() {
        return reception;
    }

    // -- which version

    /** The version to speak now; where that is another one than before, nothing is due any more. */
    private int version(long nowNs) {
        int now = forced != 0 ? forced : nowNs < v1UntilNs ? 1 : nowNs < v2UntilNs ? 2 : 3;
        if (now == version) return now;
        version = now;
        wheel.cancel(general);
        for (Group g : groups.values()) {
            wheel.cancel(g.change);
            wheel.cancel(g.response);
        }
        groups.clear();
        return now;
    }

    private boolean isOutdated(long nowNs) {
        int before = version;
        return version(nowNs) != before;
    }

    private Group group(int address) {
        return groups.computeIfAbsent(address, Group::new);
    }

    private void forgetIfDone(Group g) {
        boolean due = g.change.isScheduled() || g.response.isScheduled();
        if (!due && !g.reporter) groups.remove(g.address);
    }

    private long delay(long mostNs) {
        return random.nextLong(1, Math.max(2, mostNs + 1));
    }

    // -- changes

    @Override
    public void changed(int address, SourceFilter before, SourceFilter after, long nowNs) {
        if (version(nowNs) < 3) {
            joinedOrLeft(address, before.isNone(), after.isNone(), nowNs);
            return;
        }
        Group g = group(address);
        if (before.isExclude() != after.isExclude()) {
            // The whole list goes with it (section 5.1).
            g.modeChanges = robustness;
            g.changed = g.left = new int[0];
        } else {
            for (int source : after.minus(before)) remember(g, source);
            for (int source : before.minus(after)) remember(g, source);
        }
        reportChange(g, nowNs);
    }

    private void remember(Group g, int source) {
        int i = 0;
        while (i < g.changed.length && g.changed[i] != source) i++;
        if (i == g.changed.length) {
            g.changed = Arrays.copyOf(g.changed, i + 1);
            g.left = Arrays.copyOf(g.left, i + 1);
            g.changed[i] = source;
        }
        g.left[i] = robustness;
    }

    private void reportChange(Group g, long nowNs) {
        SourceFilter filter = reception.filter(g.address);
        Report report = new Report(nowNs);
        if (g.modeChanges > 0) {
            g.modeChanges--;
            int type = filter.isExclude() ? Igmp.TO_EXCLUDE : Igmp.TO_INCLUDE;
            report.add(type, g.address, filter.sources());
        } else {
            int[] wanted = Arrays.stream(g.changed).filter(filter::passes).toArray();
            int[] unwanted = Arrays.stream(g.changed).filter(s -> !filter.passes(s)).toArray();
            if (wanted.length > 0) report.add(Igmp.ALLOW, g.address, wanted);
            if (unwanted.length > 0) report.add(Igmp.BLOCK, g.address, unwanted);
        }
        report.flush();
        countDown(g);
        if (g.modeChanges > 0 || g.changed.length > 0) {
            wheel.schedule(g.change, nowNs + delay(UNSOLICITED_NS));
        } else {
            wheel.cancel(g.change);
            forgetIfDone(g);
        }
    }

    /** Another report with these sources was sent. */
    private static void countDown(Group g) {
        int n = 0;
        for (int i = 0; i < g.changed.length; i++) {
            if (--g.left[i] == 0) continue;
            g.changed[n] = g.changed[i];
            g.left[n++] = g.left[i];
        }
        g.changed = Arrays.copyOf(g.changed, n);
        g.left = Arrays.copyOf(g.left, n);
    }

    /** Before version 3: only that matters (RFC 2236 section 3, RFC 3376 section 7.2.1). */
    private void joinedOrLeft(int address, boolean wasNone, boolean isNone, long nowNs) {
        if (wasNone == isNone) return;
        Group g = group(address);
        if (isNone) {
            boolean tell = g.reporter && version == 2;
            g.reporter = false;
            g.reports = 0;
            wheel.cancel(g.change);
            wheel.cancel(g.response);
            forgetIfDone(g);
            if (tell) {
                counters.increment(Counter.IGMP_OUT_LEAVES);
                sendOld(Igmp.V2_LEAVE, address, Igmp.ALL_ROUTERS, nowNs);
            }
        } else {
            g.reports = robustness;
            reportUnasked(g, nowNs);
        }
    }

    private void reportUnasked(Group g, long nowNs) {
        report(g, nowNs);
        if (--g.reports > 0) wheel.schedule(g.change, nowNs + delay(UNSOLICITED_V2_NS));
    }

    private void report(Group g, long nowNs) {
        g.reporter = true;
        int type = version == 1 ? Igmp.V1_REPORT : Igmp.V2_REPORT;
        counters.increment(Counter.IGMP_OUT_REPORTS);
        sendOld(type, g.address, g.address, nowNs);
    }

    // -- messages in

    /**
     * A message came in.
     *
     * @param in begins with the IGMP message; stays the caller's
     * @param ipAt where the IP header stands in its first slice, which the message begins behind
     */
    public void input(Frame in, int ipAt, long nowNs) {
        counters.increment(Counter.IGMP_IN_MSGS);
        // From inside the JVM headers and what they carry come apart.
        int slice = in.slices() > 1 && in.length(0) == 0 ? 1 : 0;
        ByteBuffer b = in.bytes(slice);
        int at = in.at(slice);
        boolean sound =
                in.length(slice) == in.length()
                        && Igmp.check(b, at, in.end(slice)) > 0
                        && in.sum(0) == 0xFFFF
                        && Ipv4.ttl(in.bytes(), ipAt) == TTL;
        if (!sound) {
            counters.increment(Counter.IGMP_IN_ERRORS);
            return;
        }
        switch (Igmp.type(b, at)) {
            case Igmp.MEMBERSHIP_QUERY -> {
                int dst = Ipv4.dst(in.bytes(), ipAt);
                boolean alert = Ipv4.hasRouterAlert(in.bytes(), ipAt);
                query(b, at, in.length(), dst, alert, nowNs);
            }
            case Igmp.V1_REPORT, Igmp.V2_REPORT -> othersReport(Igmp.group(b, at), nowNs);
            default -> counters.increment(Counter.IGMP_IN_IGNORED);
        }
    }

    private void query(ByteBuffer b, int at, int length, int dst, boolean alert, long nowNs) {
        int spoken = length >= Igmp.QUERY ? 3 : Igmp.code(b, at) == 0 ? 1 : 2;
        int about = spoken == 1 ? 0 : Igmp.group(b, at); // RFC 1112: ignored when received
        boolean toUs = dst == Igmp.ALL_SYSTEMS || !Ipv4Address.isMulticast(dst); // section 4.1.12
        boolean sound =
                (spoken == 1 || alert) && (about == 0 ? toUs : Ipv4Address.isMulticast(about));
        if (!sound) {
            counters.increment(Counter.IGMP_IN_ERRORS);
            return;
        }
        counters.increment(Counter.IGMP_IN_QUERIES);
        int tenths =
                switch (spoken) {
                    case 1 -> V1_RESPONSE;
                    case 2 -> Igmp.code(b, at);
                    default -> Igmp.number(Igmp.code(b, at));
                };
        if (spoken == 3) {
            int said = Igmp.robustness(b, at);
            robustness = said == 0 ? defaultRobustness : said;
            int seconds = Igmp.number(Igmp.interval(b, at));
            queryIntervalNs = seconds == 0 ? QUERY_INTERVAL_NS : TimeUnit.SECONDS.toNanos(seconds);
        } else {
            // Section 8.12: Older Version Querier Present Timeout.
            long untilNs = nowNs + robustness * queryIntervalNs + tenths * TENTH_NS;
            if (spoken == 1) v1UntilNs = untilNs;
            else v2UntilNs = untilNs;
        }
        long mostNs = (version(nowNs) == 1 ? V1_RESPONSE : Math.max(1, tenths)) * TENTH_NS;
        if (version < 3) queryBeforeV3(about, mostNs, nowNs);
        else if (about == 0) generalQuery(nowNs + delay(mostNs));
        else groupQuery(about, sources(b, at, spoken), nowNs + delay(mostNs));
    }

    /** Null: the query is about a group as a whole, or about too many to remember. */
    private static int[] sources(ByteBuffer b, int at, int spoken) {
        int n = spoken == 3 ? Igmp.sources(b, at) : 0;
        if (n == 0 || n > MAX_ASKED) return null;
        int[] sources = new int[n];
        for (int i = 0; i < n; i++) sources[i] = Igmp.source(b, at, i);
        return sources;
    }

    private boolean isAnsweredBefore(long deadlineNs) {
        return general.isScheduled() && general.deadlineNs() < deadlineNs;
    }

    /** Section 5.2, rules 1 and 2. */
    private void generalQuery(long deadlineNs) {
        boolean members = reception.size() > 0;
        if (members && !isAnsweredBefore(deadlineNs)) wheel.schedule(general, deadlineNs);
    }

    /** Section 5.2, rules 1 and 3 to 5. */
    private void groupQuery(int about, int[] sources, long deadlineNs) {
        boolean member = !reception.filter(about).isNone() && about != Igmp.ALL_SYSTEMS;
        if (!member || isAnsweredBefore(deadlineNs)) return;
        Group g = group(about);
        if (!g.response.isScheduled()) {
            g.asked = sources;
            wheel.schedule(g.response, deadlineNs);
            return;
        }
        boolean whole = g.asked == null || sources == null;
        g.asked =
                whole || g.asked.length + sources.length > MAX_ASKED
                        ? null
                        : union(g.asked, sources);
        wheel.schedule(g.response, Math.min(g.response.deadlineNs(), deadlineNs));
    }

    private static int[] union(int[] some, int[] others) {
        int[] all = Arrays.copyOf(some, some.length + others.length);
        System.arraycopy(others, 0, all, some.length, others.length);
        return Arrays.stream(all).sorted().distinct().toArray();
    }

    /** RFC 2236 section 3: a timer for each group. */
    private void queryBeforeV3(int about, long mostNs, long nowNs) {
        reception.forEach(
                known -> {
                    boolean asked = about == 0 || about == known.address;
                    if (!asked || known.address == Igmp.ALL_SYSTEMS) return;
                    Group g = group(known.address);
                    long deadlineNs = nowNs + delay(mostNs);
                    boolean sooner =
                            g.response.isScheduled() && g.response.deadlineNs() <= nowNs + mostNs;
                    if (!sooner) wheel.schedule(g.response, deadlineNs);
                });
    }

    /** Before version 3 one report a group is enough, whoever sends it. */
    private void othersReport(int about, long nowNs) {
        Group g = groups.get(about);
        if (version(nowNs) == 3 || g == null || reception.filter(about).isNone()) {
            counters.increment(Counter.IGMP_IN_IGNORED);
            return;
        }
        counters.increment(Counter.IGMP_IN_REPORTS);
        wheel.cancel(g.response);
        wheel.cancel(g.change);
        g.reports = 0;
        g.reporter = false;
        forgetIfDone(g);
    }

    // -- answers

    private void answerGeneral(long nowNs) {
        List<Reception.Group> all = new ArrayList<>();
        reception.forEach(all::add);
        Report report = new Report(nowNs);
        for (Reception.Group known : all) {
            if (known.address != Igmp.ALL_SYSTEMS) {
                report.add(isType(known.filter), known.address, known.filter.sources());
            }
        }
        report.flush();
    }

    private void answer(Group g, long nowNs) {
        SourceFilter filter = reception.filter(g.address);
        int[] asked = g.asked;
        g.asked = null;
        if (filter.isNone()) return;
        Report report = new Report(nowNs);
        if (asked == null) {
            report.add(isType(filter), g.address, filter.sources());
        } else {
            int[] wanted = Arrays.stream(asked).filter(filter::passes).distinct().toArray();
            if (wanted.length > 0) report.add(Igmp.IS_INCLUDE, g.address, wanted);
        }
        report.flush();
    }

    private static int isType(SourceFilter filter) {
        return filter.isExclude() ? Igmp.IS_EXCLUDE : Igmp.IS_INCLUDE;
    }

    // -- messages out

    /** A report of version 3 that becomes as many messages as it takes. */
    private final class Report {
        private final long nowNs;
        private Slab slab; // null: nothing is in it yet
        private int length, records;

        Report(long nowNs) {
            this.nowNs = nowNs;
        }

        /** Section 4.2.16: lists that are too long are split, or cut where they exclude. */
        void add(int type, int group, int[] sources) {
            boolean whole = type == Igmp.IS_EXCLUDE || type == Igmp.TO_EXCLUDE;
            int most = (room - Igmp.HEADER - Igmp.RECORD) / 4;
            int end = whole ? Math.min(sources.length, most) : sources.length;
            int from = 0;
            do {
                int n = Math.min(end - from, most);
                if (!begin(Igmp.RECORD + 4 * n)) return;
                ByteBuffer b = slab.region().bytes();
                int at = slab.base() + length;
                Igmp.writeRecord(b, at, type, n, group);
                for (int i = 0; i < n; i++) b.putInt(at + Igmp.RECORD + 4 * i, sources[from + i]);
                length += Igmp.RECORD + 4 * n;
                records++;
                from += n;
            } while (from < end);
        }

        /** Sees to it that a record fits; false if there is no memory. */
        private boolean begin(int bytes) {
            if (slab != null && length + bytes > room) flush();
            if (slab != null) return true;
            slab = frames.memory().take(Slab.Size.SMALL);
            length = Igmp.HEADER;
            if (slab == null) counters.increment(Counter.IP_OUT_DISCARDS);
            return slab != null;
        }

        void flush() {
            if (slab == null) return;
            ByteBuffer b = slab.region().bytes();
            Igmp.writeReport(b, slab.base(), records);
            Igmp.putChecksum(
                    b, slab.base(), Checksum.complement(Checksum.sum(b, slab.base(), length)));
            Frame out = frames.take();
            out.begin();
            out.append(slab.region(), slab, slab.base(), length);
            slab.release(); // the frame keeps it
            slab = null;
            records = 0;
            counters.increment(Counter.IGMP_OUT_REPORTS);
            send(out, Igmp.V3_ROUTERS, nowNs);
        }
    }

    private void sendOld(int type, int group, int dst, long nowNs) {
        Frame out = frames.take();
        out.begin();
        int at = out.prepend(Igmp.HEADER);
        Igmp.write(out.bytes(), at, type, 0, group);
        Igmp.putChecksum(out.bytes(), at, Checksum.complement(out.sum(0)));
        send(out, dst, nowNs);
    }

    private void send(Frame out, int dst, long nowNs) {
        int length = out.length() + Ipv4.ALERT_HEADER;
        int at = out.prepend(Ipv4.ALERT_HEADER);
        ByteBuffer b = out.bytes();
        int df = Ipv4.DONT_FRAGMENT;
        Ipv4.write(b, at, TOS, length, 0, df, 0, TTL, Ipv4.IGMP, address, dst);
        Ipv4.putRouterAlert(b, at);
        owner.transmit(out, dst, nowNs);
    }
}
