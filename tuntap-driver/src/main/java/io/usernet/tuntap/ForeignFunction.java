package io.usernet.tuntap;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * A function of the C library, called by the JDK. Arguments and results are {@code long} here, so that
 * functions differ by the number of their parameters alone; C gets the {@code int} that it declares. A
 * result that is not negative is C's, another one minus an {@link Errno}. Once it is compiled, a call allocates nothing
 * (rarely, and then for as long as the JVM lives, a small segment in the JDK's code: see ADR 7). Thread-safe.
 *
 * <p>The compiler trusts a record's fields: through one that is a constant it sees the handle, and all
 * behind it is inlined.
 *
 * @param handle {@code (long...) long}
 */
record ForeignFunction(MethodHandle handle) {
    private static final MethodHandle TAKE, SEGMENT, RESULT;

    static {
        MethodHandles.Lookup lookup = MethodHandles.lookup();
        Class<?> capture = ErrnoCapture.class;
        try {
            TAKE = lookup.findStatic(capture, "take", MethodType.methodType(capture));
            SEGMENT = lookup.findGetter(capture, "segment", Object.class);
            RESULT =
                    lookup.findStatic(
                            capture,
                            "result",
                            MethodType.methodType(long.class, long.class, capture));
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * Binds a function.
     *
     * @throws IllegalCallerException as {@link Foreign#function}; likewise UnsupportedOperationException
     */
    static ForeignFunction of(String name, Class<?> result, Class<?>... parameters) {
        return variadic(name, parameters.length, result, parameters);
    }

    /** One that has dots in C, behind so many parameters. */
    static ForeignFunction variadic(
            String name, int fixed, Class<?> result, Class<?>... parameters) {
        MethodType type = MethodType.methodType(result, parameters);
        MethodHandle function = Foreign.function(name, type, fixed);
        MethodType wide = type.changeReturnType(long.class);
        for (int i = 0; i < wide.parameterCount(); i++) {
            wide = wide.changeParameterType(i, long.class);
        }
        Class<?> segment = function.type().parameterType(0);
        function =
                MethodHandles.explicitCastArguments(
                        function, wide.insertParameterTypes(0, segment));
        // result(function(capture.segment, arguments), capture), where capture = take()
        MethodHandle call =
                MethodHandles.filterArguments(
                        function, 0, SEGMENT.asType(SEGMENT.type().changeReturnType(segment)));
        MethodHandle then = MethodHandles.dropArguments(RESULT, 2, wide.parameterList());
        return new ForeignFunction(
                MethodHandles.foldArguments(MethodHandles.foldArguments(then, call), TAKE));
    }

    long call() {
        try {
            return (long) handle.invokeExact();
        } catch (Throwable e) {
            throw Foreign.unchecked(e);
        }
    }

    long call(long a) {
        try {
            return (long) handle.invokeExact(a);
        } catch (Throwable e) {
            throw Foreign.unchecked(e);
        }
    }

    long call(long a, long b) {
        try {
            return (long) handle.invokeExact(a, b);
        } catch (Throwable e) {
            throw Foreign.unchecked(e);
        }
    }

    long call(long a, long b, long c) {
        try {
            return (long) handle.invokeExact(a, b, c);
        } catch (Throwable e) {
            throw Foreign.unchecked(e);
        }
    }

    long call(long a, long b, long c, long d) {
        try {
            return (long) handle.invokeExact(a, b, c, d);
        } catch (Throwable e) {
            throw Foreign.unchecked(e);
        }
    }

    long call(long a, long b, long c, long d, long e) {
        try {
            return (long) handle.invokeExact(a, b, c, d, e);
        } catch (Throwable t) {
            throw Foreign.unchecked(t);
        }
    }
}
