package io.usernet.view;

import io.usernet.metrics.Counter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Whole tables as the Linux tools print them, header and all: {@code
 * System.out.print(Tables.ss(stack.sockets()))}. Columns are as wide as they need to be, lines have no
 * blanks at the end, and every line ends with {@code \n}.
 */
public final class Tables {
    private static final String INFO = "\n\t ";

    private Tables() {}

    /**
     * {@return a text as of {@code ss -tan}, or {@code ss -uan}; with both kinds of sockets, of {@code
     * ss -tuan}, which has a column more} The column Process, which ends the tool's header, is empty:
     * they are all of this one.
     */
    public static String ss(List<SocketView> sockets) {
        return ss(sockets, socket -> "");
    }

    /** {@return a text as of {@code ss -tani}: with a second line for each connection} */
    public static String ssInfo(List<SocketView> sockets) {
        return ss(sockets, socket -> socket.info() == null ? "" : INFO + socket.info());
    }

    private static String ss(List<SocketView> sockets, Function<SocketView, String> below) {
        boolean mixed = sockets.stream().map(SocketView::protocol).distinct().count() > 1;
        List<String[]> rows = new ArrayList<>();
        rows.add(
                new String[] {
                    "Netid",
                    "State",
                    "Recv-Q",
                    "Send-Q",
                    "Local Address",
                    "Port",
                    "Peer Address",
                    "Port",
                    "Process"
                });
        for (SocketView s : sockets) rows.add(row(s));
        int[] widths = widths(rows);
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < rows.size(); i++) {
            String[] row = rows.get(i);
            StringBuilder line = new StringBuilder();
            if (mixed) left(line, row[0], widths[0]).append(' ');
            left(line, row[1], widths[1]).append(' ');
            left(line, row[2], widths[2]).append(' ');
            left(line, row[3], widths[3]).append(' ');
            left(right(line, row[4], widths[4]).append(':'), row[5], widths[5]).append(' ');
            left(right(line, row[6], widths[6]).append(':'), row[7], widths[7]).append(row[8]);
            out.append(line.toString().stripTrailing());
            if (i > 0) out.append(below.apply(sockets.get(i - 1)));
            out.append('\n');
        }
        return out.toString();
    }

    private static String[] row(SocketView s) {
        return new String[] {
            s.protocol().toString(),
            s.state().toString(),
            Integer.toString(s.recvQ()),
            Integer.toString(s.sendQ()),
            s.localHost(),
            Integer.toString(s.local().getPort()),
            s.peerHost(),
            s.peerPort(),
            ""
        };
    }

    /** {@return a text as of {@code ip neigh}} */
    public static String ipNeigh(List<NeighborView> neighbors) {
        return lines(neighbors);
    }

    /** {@return a text as of {@code ip route}: without the table {@code local}} */
    public static String ipRoute(List<RouteView> routes) {
        return lines(
                routes.stream().filter(route -> route.type() == RouteView.Type.UNICAST).toList());
    }

    /** {@return a text as of {@code ip route show table all}} */
    public static String ipRouteAll(List<RouteView> routes) {
        return lines(routes);
    }

    /** {@return a text as of {@code ip addr}} */
    public static String ipAddr(List<InterfaceView> interfaces) {
        return lines(interfaces);
    }

    /**
     * {@return a text as of {@code ip -s addr}: with what came in and went out, as far as it is
     * counted} What was dropped, either way, stands with what went out.
     */
    public static String ipAddrStatistics(List<InterfaceView> interfaces) {
        return interfaces.stream().map(i -> i + "\n" + statistics(i)).collect(Collectors.joining());
    }

    private static String statistics(InterfaceView i) {
        String dropped = Long.toString(i.dropped());
        return traffic("    RX:", i.received(), "", "")
                + traffic("    TX:", i.sent(), "dropped", dropped);
    }

    private static String traffic(String head, InterfaceView.Traffic t, String more, String value) {
        String bytes = Long.toString(t.bytes());
        String packets = Long.toString(t.packets());
        List<String[]> rows =
                List.of(
                        new String[] {head, " bytes", "packets", more},
                        new String[] {"", bytes, packets, value});
        int[] widths = widths(rows);
        StringBuilder out = new StringBuilder();
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.length; i++) {
                right(i == 0 ? line : line.append(' '), row[i], widths[i]);
            }
            out.append(line.toString().stripTrailing()).append('\n');
        }
        return out.toString();
    }

    /**
     * {@return a text as of {@code nstat -a}: a counter a line, and a rate that is 0.0 because there
     * is no earlier run to compare with, as there} Its header names where the numbers are from.
     */
    public static String nstat(Map<Counter, Long> counters) {
        StringBuilder out = new StringBuilder("#usernet\n");
        counters.forEach(
                (counter, value) -> {
                    left(out, counter.label(), 32);
                    left(out, Long.toString(value), 19).append("0.0\n");
                });
        return out.toString();
    }

    private static String lines(List<?> views) {
        return views.stream().map(view -> view + "\n").collect(Collectors.joining());
    }

    private static int[] widths(List<String[]> rows) {
        int[] widths = new int[rows.get(0).length];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) widths[i] = Math.max(widths[i], row[i].length());
        }
        return widths;
    }

    private static StringBuilder left(StringBuilder s, String text, int width) {
        return s.append(text).append(" ".repeat(Math.max(0, width - text.length())));
    }

    private static StringBuilder right(StringBuilder s, String text, int width) {
        return s.append(" ".repeat(Math.max(0, width - text.length()))).append(text);
    }
}
