package io.usernet.samples.apps;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A key and a certificate of its own for the addresses that the tests use. */
final class Keys {
    static final Path FILE = Path.of(System.getProperty("apps.directory", "."), "keys.p12");

    private Keys() {}

    /** Makes them, if there are none. */
    static synchronized void make() throws IOException, InterruptedException {
        if (Files.exists(FILE)) return;
        Files.createDirectories(FILE.getParent());
        Process keytool =
                new ProcessBuilder(
                                System.getProperty("java.home") + "/bin/keytool",
                                "-genkeypair",
                                "-alias",
                                "server",
                                "-keyalg",
                                "EC",
                                "-dname",
                                "CN=server",
                                "-ext",
                                "san=ip:127.0.0.1,ip:10.0.0.2",
                                "-validity",
                                "3650",
                                "-storetype",
                                "PKCS12",
                                "-storepass",
                                "password",
                                "-keystore",
                                FILE.toString())
                        .redirectErrorStream(true)
                        .start();
        String said = new String(keytool.getInputStream().readAllBytes());
        if (keytool.waitFor() != 0) throw new IOException("keytool: " + said);
    }
}
