package io.usernet.runtime;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/** Whether a thread is virtual; before JDK 21 none is. */
public final class VirtualThreads {
    private static final MethodHandle IS_VIRTUAL; // Thread.isVirtual, where there is one

    static {
        MethodHandle isVirtual;
        try {
            isVirtual =
                    MethodHandles.publicLookup()
                            .findVirtual(
                                    Thread.class,
                                    "isVirtual",
                                    MethodType.methodType(boolean.class));
        } catch (ReflectiveOperationException e) {
            isVirtual = null; // before JDK 21
        }
        IS_VIRTUAL = isVirtual;
    }

    private VirtualThreads() {}

    /** Whether the calling thread is one. */
    public static boolean isCurrent() {
        if (IS_VIRTUAL == null) return false;
        try {
            return (boolean) IS_VIRTUAL.invokeExact(Thread.currentThread());
        } catch (Throwable e) {
            throw new AssertionError("Thread.isVirtual does not throw", e);
        }
    }
}
