package io.usernet.config;

/** A value for each {@link Sysctl}; immutable. */
public final class Sysctls {
    private static final Sysctls DEFAULTS = new Sysctls(new long[Sysctl.values().length][]);

    private final long[][] values; // null: the default

    private Sysctls(long[][] values) {
        this.values = values;
    }

    /** {@return those of a stack of which nothing was set} */
    public static Sysctls defaults() {
        return DEFAULTS;
    }

    /**
     * {@return the same with one setting changed}
     *
     * @throws IllegalArgumentException if the value is not allowed; the message names it
     */
    public Sysctls with(Sysctl sysctl, String value) {
        long[][] changed = values.clone();
        changed[sysctl.ordinal()] = sysctl.parse(value);
        return new Sysctls(changed);
    }

    /** {@return the same with one setting changed, of which the first number is given} */
    public Sysctls with(Sysctl sysctl, long value) {
        return with(sysctl, Long.toString(value));
    }

    /** {@return the setting's first number} */
    public long get(Sysctl sysctl) {
        return get(sysctl, 0);
    }

    /** {@return the setting's first number, which is below 2^31} */
    public int getInt(Sysctl sysctl) {
        return (int) get(sysctl, 0);
    }

    /** {@return one of the setting's numbers} */
    public long get(Sysctl sysctl, int index) {
        long[] set = values[sysctl.ordinal()];
        return set != null ? set[index] : sysctl.defaults()[index];
    }

    /** {@return whether a setting that is 0 or 1 is 1} */
    public boolean isOn(Sysctl sysctl) {
        return get(sysctl) != 0;
    }
}
