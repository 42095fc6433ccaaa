package io.usernet.config;

/**
 * The pool of threads of channels that belong to no group in particular: settings of {@code
 * java.nio.channels.AsynchronousChannelGroup}, not of ours.
 *
 * @param threadFactory name of a class with a public constructor without parameters; null: daemon
 *     threads
 * @param initialSize how many threads it begins with; negative: one a processor
 */
public record DefaultThreadPool(String threadFactory, int initialSize) {
    private static final String PREFIX = "java.nio.channels.DefaultThreadPool.";

    /** Property: see {@link #threadFactory}. */
    public static final String THREAD_FACTORY = PREFIX + "threadFactory";

    /** Property: see {@link #initialSize}. */
    public static final String INITIAL_SIZE = PREFIX + "initialSize";

    /**
     * {@return what the system properties say}
     *
     * @throws Error if the size is no number, as the JDK has it; its message says what to do
     */
    public static DefaultThreadPool fromSystemProperties() {
        String size = System.getProperty(INITIAL_SIZE);
        try {
            return new DefaultThreadPool(
                    System.getProperty(THREAD_FACTORY), size == null ? -1 : Integer.parseInt(size));
        } catch (NumberFormatException e) {
            throw new Error(INITIAL_SIZE + "=" + size + ": not a number; give one, such as 4", e);
        }
    }
}
