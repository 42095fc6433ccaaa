import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.net.URI;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.zip.GZIPInputStream;

/** What mvnw needs and a bare machine may lack: run as a source file by the JDK. */
final class Install {
    private static final int BLOCK = 512;

    private Install() {}

    /**
     * @param args {@code download URL FILE}, or {@code install ARCHIVE SHA512 WORK TARGET}: checks the
     *     archive, unpacks it into WORK, and moves the one directory in there to TARGET, in one step
     */
    public static void main(String[] args) throws Exception {
        try {
            if (args[0].equals("download")) {
                download(args[1], Path.of(args[2]));
            } else {
                Path archive = Path.of(args[1]);
                verify(archive, args[2]);
                unpack(archive, Path.of(args[3]));
                publish(Path.of(args[3]), Path.of(args[4]));
            }
        } catch (IOException e) {
            System.err.println("mvnw: " + e);
            System.exit(1);
        }
    }

    private static void download(String url, Path to) throws IOException {
        URLConnection connection = URI.create(url).toURL().openConnection();
        connection.setConnectTimeout(30_000);
        connection.setReadTimeout(30_000);
        try (InputStream in = connection.getInputStream()) {
            Files.copy(in, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static void verify(Path archive, String sha512) throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-512").digest(Files.readAllBytes(archive));
        String actual = String.format("%0128x", new BigInteger(1, digest));
        if (!actual.equalsIgnoreCase(sha512)) {
            throw new IOException(
                    "checksum is " + actual + ", but should be " + sha512 + ": not installed");
        }
    }

    /** Reads the ustar format: directories and plain files, with names of up to 255 characters. */
    private static void unpack(Path archive, Path to) throws IOException {
        Files.createDirectories(to);
        try (InputStream in =
                new BufferedInputStream(new GZIPInputStream(Files.newInputStream(archive)))) {
            for (byte[] header; (header = in.readNBytes(BLOCK)).length == BLOCK; ) {
                String name = text(header, 0, 100);
                if (name.isEmpty()) return; // the block of zeros at the end
                String prefix = text(header, 345, 155);
                Path path = to.resolve(prefix.isEmpty() ? name : prefix + "/" + name).normalize();
                if (!path.startsWith(to)) throw new IOException("strange name: " + name);
                long size = Long.parseLong(text(header, 124, 12).trim(), 8);
                int mode = Integer.parseInt(text(header, 100, 8).trim(), 8);
                switch (header[156]) {
                    case '5' -> Files.createDirectories(path);
                    case '0', 0 -> {
                        Files.createDirectories(path.getParent());
                        Files.write(path, in.readNBytes((int) size));
                        boolean program = (mode & 0100) != 0;
                        Files.setPosixFilePermissions(
                                path, PosixFilePermissions.fromString(program ? "rwxr-xr-x" : "rw-r--r--"));
                        in.skipNBytes(-size & BLOCK - 1);
                    }
                    default -> throw new IOException(name + " is neither file nor directory");
                }
            }
            throw new IOException(archive + " ends too early");
        }
    }

    private static String text(byte[] header, int at, int length) {
        int end = at;
        while (end < at + length && header[end] != 0) end++;
        return new String(header, at, end - at, StandardCharsets.UTF_8);
    }

    private static void publish(Path work, Path target) throws IOException {
        Path unpacked;
        try (var entries = Files.list(work)) {
            unpacked = entries.findFirst().orElseThrow();
        }
        try {
            Files.move(unpacked, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            throw e;
        } catch (FileSystemException e) {
            // Another mvnw was faster; what it installed has the same checksum.
            if (!Files.isExecutable(target.resolve("bin/mvn"))) throw e;
        }
    }
}
