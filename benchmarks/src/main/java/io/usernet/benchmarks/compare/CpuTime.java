package io.usernet.benchmarks.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Tells how busy the machine was with others: their work is what makes figures differ from one run to
 * the next. Times are the kernel's clock ticks (proc(5)).
 */
final class CpuTime {
    private final long all;
    private final long busy;
    private final long own;

    private CpuTime(long all, long busy, long own) {
        this.all = all;
        this.busy = busy;
        this.own = own;
    }

    /** Null where there is no proc file system. */
    static CpuTime now() throws IOException {
        if (Files.notExists(Path.of("/proc/self/stat"))) return null;
        try (var lines = Files.lines(Path.of("/proc/stat"))) {
            String cpu =
                    lines.findFirst().orElseThrow(() -> new IOException("/proc/stat is empty"));
            return of(cpu, Files.readString(Path.of("/proc/self/stat")));
        }
    }

    /**
     * @param cpu the line of {@code /proc/stat} for all processors
     * @param self {@code /proc/self/stat}; children count once they have been waited for
     */
    static CpuTime of(String cpu, String self) {
        String[] ticks = cpu.trim().split(" +");
        long all = 0;
        for (int i = 1; i <= 8; i++) all += Long.parseLong(ticks[i]); // user to steal
        long idle = Long.parseLong(ticks[4]) + Long.parseLong(ticks[5]); // idle, iowait
        String[] fields = self.substring(self.lastIndexOf(')') + 2).split(" ");
        long own = 0;
        for (int i = 14; i <= 17; i++) own += Long.parseLong(fields[i - 3]); // utime to cstime
        return new CpuTime(all, all - idle, own);
    }

    /** The part of all processors' time since then that went to others, from 0 to 1. */
    double othersSince(CpuTime then) {
        long others = (busy - then.busy) - (own - then.own);
        return Math.max(0, others) / (double) Math.max(1, all - then.all);
    }
}
