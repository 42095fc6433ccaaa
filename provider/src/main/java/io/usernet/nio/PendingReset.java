package io.usernet.nio;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Who hears of a peer's reset: as on Linux, the first operation that meets it, and reads ever after if
 * that one read. Otherwise, reads find the end of the stream and writes a broken pipe. Thread-safe.
 */
final class PendingReset {
    private enum Told {
        NOBODY,
        READER,
        WRITER
    }

    private static final VarHandle TOLD;

    static {
        try {
            TOLD = MethodHandles.lookup().findVarHandle(PendingReset.class, "told", Told.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // by TOLD
    private volatile Told told = Told.NOBODY;

    /** Whether reads have failed with it, so that all do from now on, also of nothing. */
    boolean isToldReader() {
        return told == Told.READER;
    }

    /** Whether a read fails with it. */
    boolean tellReader() {
        return TOLD.compareAndSet(this, Told.NOBODY, Told.READER) || told == Told.READER;
    }

    /** Whether a write fails with it. */
    boolean tellWriter() {
        return TOLD.compareAndSet(this, Told.NOBODY, Told.WRITER);
    }
}
