package io.usernet.tuntap;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The JDK's foreign-function API, {@code java.lang.foreign}, which is final since JDK 22. It is reached by
 * reflection, since we are compiled for JDK 17: only when a function is bound, not when it is called.
 * Nothing else here names its types. Thread-safe.
 */
final class Foreign {
    private static final Class<?> LINKER = type("Linker"),
            OPTION = type("Linker$Option"),
            LOOKUP = type("SymbolLookup"),
            DESCRIPTOR = type("FunctionDescriptor"),
            LAYOUT = type("MemoryLayout"),
            PATH = type("MemoryLayout$PathElement"),
            VALUES = type("ValueLayout"),
            SEGMENT = type("MemorySegment");

    /** {@code (Buffer) long}; of the byte at the buffer's position. */
    private static final MethodHandle ADDRESS = address();

    private Foreign() {}

    private static Class<?> type(String name) {
        try {
            return Class.forName("java.lang.foreign." + name);
        } catch (ClassNotFoundException e) {
            throw new UnsupportedOperationException("the JDK has no java.lang.foreign." + name, e);
        }
    }

    private static MethodHandle address() {
        MethodHandles.Lookup lookup = MethodHandles.publicLookup();
        try {
            return MethodHandles.filterReturnValue(
                    lookup.findStatic(
                            SEGMENT, "ofBuffer", MethodType.methodType(SEGMENT, Buffer.class)),
                    lookup.findVirtual(SEGMENT, "address", MethodType.methodType(long.class)));
        } catch (ReflectiveOperationException e) {
            throw new UnsupportedOperationException(e);
        }
    }

    /** The address of the first byte of a direct buffer. */
    static long address(ByteBuffer direct) {
        try {
            return (long) ADDRESS.invokeExact((Buffer) direct.duplicate().clear());
        } catch (Throwable e) {
            throw unchecked(e);
        }
    }

    /** A direct buffer as a MemorySegment, which keeps it reachable. */
    static Object segment(ByteBuffer direct) {
        return call(SEGMENT, "ofBuffer", null, new Class<?>[] {Buffer.class}, direct);
    }

    /** Bytes that a captured errno takes. */
    static int captureSize() {
        return Math.toIntExact((long) call(LAYOUT, "byteSize", captureLayout(), new Class<?>[0]));
    }

    /** Where among them it is. */
    static int errnoOffset() {
        Object errno = call(PATH, "groupElement", null, new Class<?>[] {String.class}, "errno");
        Object path = array(PATH, errno);
        Class<?>[] parameters = {PATH.arrayType()};
        return Math.toIntExact(
                (long) call(LAYOUT, "byteOffset", captureLayout(), parameters, path));
    }

    private static Object captureLayout() {
        return call(OPTION, "captureStateLayout", null, new Class<?>[0]);
    }

    /**
     * A function of the C library that leaves its errno in a segment.
     *
     * @param type of {@code int} and {@code long} only
     * @param fixed how many parameters it has before the dots; as many as the type has if it has no dots
     * @return a handle that takes the segment, as a MemorySegment, before the parameters
     * @throws IllegalCallerException if the JVM was told to refuse our module native access
     * @throws UnsupportedOperationException if there is no such function, or the JDK cannot call one
     */
    static MethodHandle function(String name, MethodType type, int fixed) {
        Class<?>[] none = {};
        Object linker = call(LINKER, "nativeLinker", null, none);
        Object lookup = call(LINKER, "defaultLookup", linker, none);
        Optional<?> symbol =
                (Optional<?>) call(LOOKUP, "find", lookup, new Class<?>[] {String.class}, name);
        Object[] layouts = type.parameterList().stream().map(Foreign::layout).toArray();
        Object descriptor =
                call(
                        DESCRIPTOR,
                        "of",
                        null,
                        new Class<?>[] {LAYOUT, LAYOUT.arrayType()},
                        layout(type.returnType()),
                        array(LAYOUT, layouts));
        Class<?>[] parameters = {SEGMENT, DESCRIPTOR, OPTION.arrayType()};
        return (MethodHandle)
                call(
                        LINKER,
                        "downcallHandle",
                        linker,
                        parameters,
                        symbol.orElseThrow(() -> new UnsupportedOperationException("no " + name)),
                        descriptor,
                        options(fixed < type.parameterCount() ? fixed : -1));
    }

    private static Object options(int variadic) {
        Object capture =
                call(
                        OPTION,
                        "captureCallState",
                        null,
                        new Class<?>[] {String[].class},
                        (Object) new String[] {"errno"});
        if (variadic < 0) return array(OPTION, capture);
        Class<?>[] index = {int.class};
        return array(OPTION, capture, call(OPTION, "firstVariadicArg", null, index, variadic));
    }

    private static Object layout(Class<?> type) {
        try {
            return VALUES.getField("JAVA_" + type.getName().toUpperCase(java.util.Locale.ROOT))
                    .get(null);
        } catch (ReflectiveOperationException e) {
            throw new UnsupportedOperationException(e);
        }
    }

    private static Object array(Class<?> type, Object... elements) {
        Object array = Array.newInstance(type, elements.length);
        for (int i = 0; i < elements.length; i++) Array.set(array, i, elements[i]);
        return array;
    }

    /** Calls a method of the API; its unchecked exceptions come as they are. */
    private static Object call(
            Class<?> type, String method, Object on, Class<?>[] parameters, Object... arguments) {
        try {
            return type.getMethod(method, parameters).invoke(on, arguments);
        } catch (InvocationTargetException e) {
            throw unchecked(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new UnsupportedOperationException(e);
        }
    }

    /** What a call threw that declares no checked exception. */
    static RuntimeException unchecked(Throwable e) {
        if (e instanceof Error error) throw error;
        if (e instanceof RuntimeException exception) return exception;
        return new IllegalStateException(e);
    }
}
