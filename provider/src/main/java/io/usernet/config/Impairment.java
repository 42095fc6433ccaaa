package io.usernet.config;

import java.math.BigDecimal;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is done to the frames of a link, as a bad network would: {@code loss=1%,delay=5ms,seed=42}.
 * Names and units are those of {@code tc-netem(8)}. A part without a prefix holds for each direction
 * on its own; {@code in.} and {@code out.} set one of them, whatever the order: {@code
 * loss=1%,out.loss=5%}. Immutable.
 *
 * @param in what happens to frames that are received
 * @param out what happens to frames that are sent
 * @param seed what the decisions are drawn from; the same for the same frames. Empty: a random one
 */
public record Impairment(Direction in, Direction out, OptionalLong seed) {
    /** Nothing is done to any frame. */
    public static final Impairment NONE =
            new Impairment(Direction.NONE, Direction.NONE, OptionalLong.empty());

    private static final String EXAMPLE = "write for example loss=1%,delay=5ms,out.rate=10mbit";

    /** Nothing may be null: {@link Direction#NONE} where nothing is done. */
    public Impairment {
        Objects.requireNonNull(in, "in");
        Objects.requireNonNull(out, "out");
        Objects.requireNonNull(seed, "seed");
    }

    /**
     * What is done to the frames of one direction. A frame is first lost or not, then perhaps
     * duplicated; each copy is then perhaps corrupted, takes its time on a wire of the given rate, and
     * is delayed.
     *
     * @param loss share of frames that are dropped, 0 to 1
     * @param delayNs how long a frame takes, behind the time that the rate costs; at most an hour
     * @param jitterNs the delay varies evenly by up to so much, either way, but is never below 0; at
     *     most an hour. Frames overtake one another by it, as in netem
     * @param reorder share of frames that are not delayed, so that they overtake those which are; 0 to
     *     1. Takes a delay
     * @param duplicate share of frames that come twice, 0 to 1
     * @param corrupt share of frames in which one bit is wrong, 0 to 1: a bit that the checksum of TCP,
     *     UDP or ICMP over IPv4 covers, so that the receiver sees it. Other frames stay as they are
     * @param rate bits a second, counted with the frame's Ethernet header; 0: unlimited
     * @param limit most frames that are delayed at a time, 1 to 1,000,000; more are dropped
     */
    public record Direction(
            double loss,
            long delayNs,
            long jitterNs,
            double reorder,
            double duplicate,
            double corrupt,
            long rate,
            int limit) {
        /** netem's own. */
        public static final int DEFAULT_LIMIT = 1_000;

        private static final int MAX_LIMIT = 1_000_000;
        private static final long MAX_NS = 3_600_000_000_000L;
        private static final long MAX_RATE = 1_000_000_000_000_000L;

        /** Nothing is done to any frame. */
        public static final Direction NONE = new Direction(0, 0, 0, 0, 0, 0, 0, DEFAULT_LIMIT);

        /**
         * Checks the whole.
         *
         * @throws IllegalArgumentException with one line that names the part, its value and the remedy
         */
        public Direction {
            requireShare("loss", loss);
            requireShare("reorder", reorder);
            requireShare("duplicate", duplicate);
            requireShare("corrupt", corrupt);
            requireTime("delay", delayNs);
            requireTime("jitter", jitterNs);
            if (rate < 0 || rate > MAX_RATE) {
                throw wrong("rate", Long.toString(rate), "give 1bit to 1000tbit, or 0: unlimited");
            }
            if (limit < 1 || limit > MAX_LIMIT) {
                throw wrong("limit", Integer.toString(limit), "give 1 to 1000000 frames");
            }
            if (reorder > 0 && delayNs == 0) {
                throw wrong(
                        "reorder",
                        formatShare(reorder),
                        "these frames overtake delayed ones: give a delay too, such as delay=5ms");
            }
        }

        private static void requireShare(String part, double share) {
            if (share >= 0 && share <= 1) return;
            throw wrong(part, Double.toString(share), "give a share of 0% to 100%");
        }

        private static void requireTime(String part, long ns) {
            if (ns < 0 || ns > MAX_NS) {
                throw wrong(part, formatTime(ns), "give 0 to 3600s");
            }
        }

        /** {@return whether every frame passes at once, and as it is} */
        public boolean isNone() {
            return equals(NONE) || equals(NONE.withLimit(limit));
        }

        /**
         * {@return the same with another share of lost frames}
         *
         * @throws IllegalArgumentException if it is out of range: see {@link Direction}
         */
        public Direction withLoss(double share) {
            return new Direction(
                    share, delayNs, jitterNs, reorder, duplicate, corrupt, rate, limit);
        }

        /**
         * {@return the same with another delay, in ns}
         *
         * @throws IllegalArgumentException if it is out of range: see {@link Direction}
         */
        public Direction withDelayNs(long ns) {
            return new Direction(loss, ns, jitterNs, reorder, duplicate, corrupt, rate, limit);
        }

        /**
         * {@return the same with another variation of the delay, in ns}
         *
         * @throws IllegalArgumentException if it is out of range: see {@link Direction}
         */
        public Direction withJitterNs(long ns) {
            return new Direction(loss, delayNs, ns, reorder, duplicate, corrupt, rate, limit);
        }

        /**
         * {@return the same with another share of frames that overtake delayed ones; set the delay
         * before}
         *
         * @throws IllegalArgumentException if it is out of range, or there is no delay
         */
        public Direction withReorder(double share) {
            return new Direction(loss, delayNs, jitterNs, share, duplicate, corrupt, rate, limit);
        }

        /**
         * {@return the same with another share of frames that come twice}
         *
         * @throws IllegalArgumentException if it is out of range: see {@link Direction}
         */
        public Direction withDuplicate(double share) {
            return new Direction(loss, delayNs, jitterNs, reorder, share, corrupt, rate, limit);
        }

        /**
         * {@return the same with another share of frames with a wrong bit}
         *
         * @throws IllegalArgumentException if it is out of range: see {@link Direction}
         */
        public Direction withCorrupt(double share) {
            return new Direction(loss, delayNs, jitterNs, reorder, duplicate, share, rate, limit);
        }

        /**
         * {@return the same with another rate, in bits a second; 0: unlimited}
         *
         * @throws IllegalArgumentException if it is out of range: see {@link Direction}
         */
        public Direction withRate(long bitsPerSecond) {
            return new Direction(
                    loss, delayNs, jitterNs, reorder, duplicate, corrupt, bitsPerSecond, limit);
        }

        /**
         * {@return the same with another number of frames that may be delayed at a time}
         *
         * @throws IllegalArgumentException if it is out of range: see {@link Direction}
         */
        public Direction withLimit(int frames) {
            return new Direction(
                    loss, delayNs, jitterNs, reorder, duplicate, corrupt, rate, frames);
        }
    }

    /** {@return whether every frame passes at once, and as it is} */
    public boolean isNone() {
        return in.isNone() && out.isNone();
    }

    /** {@return the same with decisions that can be repeated, drawn from {@code seed}} */
    public Impairment withSeed(long seed) {
        return new Impairment(in, out, OptionalLong.of(seed));
    }

    /**
     * Reads parts with commas between; {@code none} and nothing are {@link #NONE}.
     *
     * @return what the text says, with the defaults for all else
     * @throws IllegalArgumentException with one line that names the part, its value and the remedy
     */
    public static Impairment parse(String text) {
        Parts in = new Parts(), out = new Parts();
        OptionalLong seed = OptionalLong.empty();
        String all = text.trim();
        if (all.isEmpty() || all.equals("none")) return NONE;
        for (int pass = 0; pass < 2; pass++) { // first those of both directions, then those of one
            for (String part : all.split(",", -1)) {
                int equals = part.indexOf('=');
                if (equals <= 0) {
                    throw new IllegalArgumentException(
                            "'" + part.trim() + "' is not of the form part=value: " + EXAMPLE);
                }
                String name = part.substring(0, equals).trim();
                String value = part.substring(equals + 1).trim();
                boolean onlyIn = name.startsWith("in.");
                boolean onlyOut = name.startsWith("out.");
                if ((onlyIn || onlyOut) != (pass == 1)) continue;
                if (name.equals("seed")) {
                    seed = OptionalLong.of(parseSeed(value));
                    continue;
                }
                String bare = name.substring(onlyIn ? 3 : onlyOut ? 4 : 0);
                if (!onlyOut) in.set(name, bare, value);
                if (!onlyIn) out.set(name, bare, value);
            }
        }
        return new Impairment(in.direction(), out.direction(), seed);
    }

    private static long parseSeed(String value) {
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw wrong("seed", value, "give a whole number, such as 42");
        }
    }

    /** One direction while it is read. */
    private static final class Parts {
        // The smallest double, in percent, has 340 digits behind the point.
        private static final Pattern NUMBER =
                Pattern.compile("([0-9]{1,15}(?:\\.[0-9]{1,340})?)(.*)");

        private double loss, reorder, duplicate, corrupt;
        private long delayNs, jitterNs, rate;
        private int limit = Direction.DEFAULT_LIMIT;

        void set(String name, String bare, String value) {
            switch (bare) {
                case "loss" -> loss = share(name, value);
                case "reorder" -> reorder = share(name, value);
                case "duplicate" -> duplicate = share(name, value);
                case "corrupt" -> corrupt = share(name, value);
                case "delay" -> delayNs = time(name, value);
                case "jitter" -> jitterNs = time(name, value);
                case "rate" -> rate = rate(name, value);
                case "limit" -> limit = limit(name, value);
                default ->
                        throw wrong(
                                name,
                                value,
                                "there is no such part; there are loss, delay, jitter, reorder,"
                                        + " duplicate, corrupt, rate, limit, each also with in. or"
                                        + " out. before it, and seed");
            }
        }

        Direction direction() {
            return new Direction(loss, delayNs, jitterNs, reorder, duplicate, corrupt, rate, limit);
        }

        private static double share(String name, String value) {
            Matcher m = NUMBER.matcher(value);
            boolean sound = m.matches() && (m.group(2).equals("%") || value.equals("0"));
            if (sound) {
                double share = new BigDecimal(m.group(1)).movePointLeft(2).doubleValue();
                if (share <= 1) return share;
            }
            throw wrong(name, value, "give a share of 0% to 100%, such as 1% or 0.1%");
        }

        private static long time(String name, String value) {
            Matcher m = NUMBER.matcher(value);
            if (m.matches()) {
                int digits =
                        switch (m.group(2)) {
                            case "s" -> 9;
                            case "ms" -> 6;
                            case "us" -> 3;
                            case "ns" -> 0;
                            default -> value.equals("0") ? 0 : -1;
                        };
                if (digits >= 0) {
                    BigDecimal ns = new BigDecimal(m.group(1)).movePointRight(digits);
                    if (ns.compareTo(BigDecimal.valueOf(Direction.MAX_NS)) <= 0) {
                        return ns.longValue();
                    }
                }
            }
            throw wrong(name, value, "give a time of 0 to 3600s, with its unit: 5ms, 250us, 1.5s");
        }

        private static long rate(String name, String value) {
            Matcher m = NUMBER.matcher(value);
            if (m.matches()) {
                int digits =
                        switch (m.group(2)) {
                            case "bit" -> 0;
                            case "kbit" -> 3;
                            case "mbit" -> 6;
                            case "gbit" -> 9;
                            case "tbit" -> 12;
                            default -> value.equals("0") ? 0 : -1;
                        };
                if (digits >= 0) {
                    BigDecimal bits = new BigDecimal(m.group(1)).movePointRight(digits);
                    boolean some = bits.compareTo(BigDecimal.ONE) >= 0 || bits.signum() == 0;
                    if (some && bits.compareTo(BigDecimal.valueOf(Direction.MAX_RATE)) <= 0) {
                        return bits.longValue();
                    }
                }
            }
            throw wrong(
                    name,
                    value,
                    "give bits a second with bit, kbit, mbit, gbit or tbit, such as 10mbit; 0:"
                            + " unlimited");
        }

        private static int limit(String name, String value) {
            if (value.matches("[0-9]{1,7}")) {
                int limit = Integer.parseInt(value);
                if (limit >= 1 && limit <= Direction.MAX_LIMIT) return limit;
            }
            throw wrong(name, value, "give 1 to 1000000 frames; the default is 1000");
        }
    }

    private static IllegalArgumentException wrong(String part, String value, String remedy) {
        return new IllegalArgumentException(part + "=" + value + ": " + remedy);
    }

    /** What {@link #parse} reads as the same. */
    @Override
    public String toString() {
        StringBuilder s = new StringBuilder();
        if (in.equals(out)) {
            append(s, "", in);
        } else {
            append(s, "in.", in);
            append(s, "out.", out);
        }
        seed.ifPresent(value -> part(s, "", "seed", Long.toString(value)));
        return s.length() == 0 ? "none" : s.toString();
    }

    private static void append(StringBuilder s, String prefix, Direction d) {
        if (d.loss > 0) part(s, prefix, "loss", formatShare(d.loss));
        if (d.delayNs > 0) part(s, prefix, "delay", formatTime(d.delayNs));
        if (d.jitterNs > 0) part(s, prefix, "jitter", formatTime(d.jitterNs));
        if (d.reorder > 0) part(s, prefix, "reorder", formatShare(d.reorder));
        if (d.duplicate > 0) part(s, prefix, "duplicate", formatShare(d.duplicate));
        if (d.corrupt > 0) part(s, prefix, "corrupt", formatShare(d.corrupt));
        if (d.rate > 0) part(s, prefix, "rate", formatRate(d.rate));
        if (d.limit != Direction.DEFAULT_LIMIT) {
            part(s, prefix, "limit", Integer.toString(d.limit));
        }
    }

    private static void part(StringBuilder s, String prefix, String name, String value) {
        s.append(s.length() == 0 ? "" : ",").append(prefix).append(name).append('=').append(value);
    }

    private static String formatShare(double share) {
        BigDecimal percent = new BigDecimal(Double.toString(share)).movePointRight(2);
        return percent.stripTrailingZeros().toPlainString() + "%";
    }

    private static String formatTime(long ns) {
        if (ns != 0 && ns % 1_000_000_000 == 0) return ns / 1_000_000_000 + "s";
        if (ns != 0 && ns % 1_000_000 == 0) return ns / 1_000_000 + "ms";
        return ns != 0 && ns % 1_000 == 0 ? ns / 1_000 + "us" : ns + "ns";
    }

    private static String formatRate(long bits) {
        if (bits % 1_000_000_000 == 0) return bits / 1_000_000_000 + "gbit";
        if (bits % 1_000_000 == 0) return bits / 1_000_000 + "mbit";
        return bits % 1_000 == 0 ? bits / 1_000 + "kbit" : bits + "bit";
    }
}
