package io.usernet.config;

import static io.usernet.config.Settings.CAPTURE_BUFFER;
import static io.usernet.config.Settings.CAPTURE_FILES;
import static io.usernet.config.Settings.CAPTURE_SIZE;
import static io.usernet.config.Settings.CAPTURE_SNAPLEN;

import java.util.Objects;

/**
 * Into which file packets are captured, and how; immutable.
 *
 * @param file its name; it is overwritten. With {@code size}, a number and the time are put into the
 *     name: {@code x.pcapng} becomes {@code x_00001_20260131235959.pcapng}, and so on
 * @param snaplen most bytes of a packet to keep, {@value #MIN_SNAPLEN} to {@value #MAX_SNAPLEN}
 * @param buffer bytes that wait to be written, 1 MiB to 1 GiB; what finds no room is missing from the
 *     file, and counted there. Direct memory, besides that for packets; rounded up to a power of two
 * @param size most bytes of a file before the next one is begun, 128 KiB to 1 TiB; 0: one file
 * @param files how many files to keep, the newest, at most {@value #MAX_FILES}; 0: all
 */
public record CaptureConfig(String file, int snaplen, long buffer, long size, int files) {
    /** Bounds of {@link #snaplen}. */
    public static final int MIN_SNAPLEN = 64, MAX_SNAPLEN = 262_144;

    /** What {@link #buffer} is unless said otherwise: 16 MiB. */
    public static final long DEFAULT_BUFFER = 16 << 20;

    static final int MAX_FILES = 100_000;

    static final String SNAPLEN_REMEDY = "give bytes, 64 to 262144; the default is 262144",
            BUFFER_REMEDY = "give 1m to 1g; the default is 16m",
            SIZE_REMEDY = "give 128k to 1024g, or 0: one file",
            FILES_REMEDY = "give a number, 1 to 100000, or 0: all";
    static final long MIN_BUFFER = 1 << 20, MAX_BUFFER = 1 << 30;
    static final long MIN_SIZE = 128 << 10, MAX_SIZE = 1024L << 30;

    /**
     * Checks the whole.
     *
     * @throws IllegalArgumentException with one line that names the property, its value and the remedy
     */
    public CaptureConfig {
        Objects.requireNonNull(file, "file");
        if (snaplen < MIN_SNAPLEN || snaplen > MAX_SNAPLEN) {
            throw Settings.wrong(CAPTURE_SNAPLEN, Integer.toString(snaplen), SNAPLEN_REMEDY);
        }
        if (buffer < MIN_BUFFER || buffer > MAX_BUFFER) {
            throw Settings.wrong(CAPTURE_BUFFER, Long.toString(buffer), BUFFER_REMEDY);
        }
        if (size != 0 && (size < MIN_SIZE || size > MAX_SIZE)) {
            throw Settings.wrong(CAPTURE_SIZE, Long.toString(size), SIZE_REMEDY);
        }
        if (files < 0 || files > MAX_FILES) {
            throw Settings.wrong(CAPTURE_FILES, Integer.toString(files), FILES_REMEDY);
        }
        if (files > 0 && size == 0) {
            throw Settings.wrong(
                    CAPTURE_FILES, Integer.toString(files), "set " + CAPTURE_SIZE + " too");
        }
    }

    /** {@return a capture of whole packets in one file} */
    public static CaptureConfig to(String file) {
        return new CaptureConfig(file, MAX_SNAPLEN, DEFAULT_BUFFER, 0, 0);
    }
}
