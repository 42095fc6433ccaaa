package io.usernet.agent;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.instrument.ClassFileTransformer;
import java.security.ProtectionDomain;
import java.util.Arrays;
import java.util.List;

/**
 * Has libraries find our selectors that put a set of selected keys of their own into the fields of a
 * selector, by reflection. They name the JDK's class; here that constant of theirs becomes the name of
 * ours, which has such fields. Classes without it stay as they are. Thread-safe.
 *
 * <ul>
 *   <li>Agrona's {@code TransportPoller}, on which Aeron and Artio build, until 1.22: it fails with a
 *       {@code NullPointerException} where the selector is not the JDK's.
 *   <li>Ignite's {@code GridNioServer}: otherwise it takes its other way to iterate, on which it doesn't
 *       close sessions whose connection was reset.
 * </ul>
 *
 * Netty does well without, since our own set costs no more to iterate.
 */
final class SelectorNames implements ClassFileTransformer {
    /** Below whatever a shading put before them. */
    private static final List<String> CLASSES =
            List.of(
                    "agrona/nio/TransportPoller",
                    "ignite/internal/util/nio/GridNioServer$AbstractNioClientWorker");

    private static final byte[] JDKS = "sun.nio.ch.SelectorImpl".getBytes(US_ASCII);
    private static final byte[] OURS = "io.usernet.nio.ReplaceableSelection".getBytes(US_ASCII);

    // Tags of the constant pool, JVMS 4.4
    private static final int UTF8 = 1, LONG = 5, DOUBLE = 6;

    @Override
    public byte[] transform(
            ClassLoader loader, String name, Class<?> old, ProtectionDomain domain, byte[] file) {
        return name != null && isConcerned(name) ? renamed(file) : null;
    }

    private static boolean isConcerned(String name) {
        for (String end : CLASSES) if (name.endsWith(end)) return true;
        return false;
    }

    /** The class file with our name in the place of the JDK's, or null if it hasn't got that. */
    static byte[] renamed(byte[] file) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(file.length + OURS.length);
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(file));
                DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeLong(in.readLong()); // magic and version
            boolean found = copyConstants(in, out);
            in.transferTo(out);
            return found ? bytes.toByteArray() : null;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    e); // no class file: the JVM says so, better than we could
        }
    }

    private static boolean copyConstants(DataInputStream in, DataOutputStream out)
            throws IOException {
        boolean found = false;
        int count = in.readUnsignedShort();
        out.writeShort(count);
        for (int i = 1; i < count; i++) {
            int tag = in.readUnsignedByte();
            out.writeByte(tag);
            if (tag == UTF8) {
                byte[] text = in.readNBytes(in.readUnsignedShort());
                boolean jdks = Arrays.equals(text, JDKS);
                found |= jdks;
                copyText(jdks ? OURS : text, out);
            } else {
                out.write(in.readNBytes(sizeOf(tag)));
                if (tag == LONG || tag == DOUBLE) i++; // takes two places
            }
        }
        return found;
    }

    private static void copyText(byte[] text, DataOutputStream out) throws IOException {
        out.writeShort(text.length);
        out.write(text);
    }

    private static int sizeOf(int tag) throws IOException {
        return switch (tag) {
            case 7, 8, 16, 19, 20 -> 2; // one index
            case 15 -> 3; // a kind and an index
            case 3, 4, 9, 10, 11, 12, 17, 18 -> 4; // two indices, or 4 bytes
            case LONG, DOUBLE -> 8;
            default -> throw new IOException("constant of tag " + tag);
        };
    }
}
