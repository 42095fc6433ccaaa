package io.usernet.samples.apps;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;

/** A network namespace with a loopback in it, and what else is asked for; root only. */
final class Namespace implements AutoCloseable {
    private final Process holder;

    Namespace() throws IOException {
        this(":");
    }

    /**
     * @param setup shell command that prepares it
     */
    Namespace(String setup) throws IOException {
        String ready = " && echo ready && exec cat"; // until its input ends
        holder = unshare("ip link set lo up && " + setup + ready);
        BufferedReader said = new BufferedReader(new InputStreamReader(holder.getInputStream()));
        String line = said.readLine();
        if (!"ready".equals(line)) throw new IOException(String.valueOf(line));
    }

    private static Process unshare(String script) throws IOException {
        return new ProcessBuilder("unshare", "--net", "sh", "-c", script)
                .redirectErrorStream(true)
                .start();
    }

    /** Why there can be none with a TAP device; empty if there can. */
    static String obstacle() throws InterruptedException {
        if (!"root".equals(System.getProperty("user.name"))) return "only root can make one";
        try {
            Process process = unshare("ip link >/dev/null && : <> /dev/net/tun");
            String said = new String(process.getInputStream().readAllBytes()).trim();
            return process.waitFor() == 0 ? "" : said;
        } catch (IOException e) {
            return e.getMessage(); // there is no such program
        }
    }

    /** A command that runs inside. */
    List<String> inside(List<String> command) {
        List<String> all = new ArrayList<>(List.of("nsenter", "--net", "-t", "" + holder.pid()));
        all.addAll(command);
        return all;
    }

    @Override
    public void close() {
        holder.destroyForcibly();
    }
}
