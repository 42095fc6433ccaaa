package io.usernet.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.usernet.frame.Frame;
import io.usernet.tcp.Endpoint;
import io.usernet.tcp.FourTuple;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FlowTableTest {
    private static final class Stub extends Endpoint {
        Stub(FourTuple tuple) {
            super(tuple);
        }

        @Override
        public void onSegment(Frame in, long nowNs) {}

        @Override
        public void onTimeout(long nowNs) {}

        @Override
        public void onUnreachable(Unreachable what, int seq, long nowNs) {}

        @Override
        public void onPathMtu(int mtu, int seq, long nowNs) {}

        @Override
        public boolean pollTransmit(Frame out, long nowNs) {
            return false;
        }

        @Override
        public long nextDeadlineNs() {
            return Long.MAX_VALUE;
        }

        @Override
        public Endpoint successor() {
            return this;
        }

        @Override
        public int trafficClass() {
            return 0;
        }
    }

    private final FlowTable table = new FlowTable(new Hash(3));

    private Endpoint find(FourTuple t) {
        return table.find(t.localAddress(), t.localPort(), t.remoteAddress(), t.remotePort());
    }

    @Test
    void allFourPartsMatter() {
        FourTuple t = new FourTuple(1, 2, 3, 4);
        Stub stub = new Stub(t);
        table.add(stub, null);
        assertSame(stub, find(t));
        assertNull(table.find(9, 2, 3, 4));
        assertNull(table.find(1, 9, 3, 4));
        assertNull(table.find(1, 2, 9, 4));
        assertNull(table.find(1, 2, 3, 9));
        assertNull(table.find(3, 4, 1, 2));
    }

    @Test
    void agreesWithAMapUnderRandomOperations() {
        Random random = new Random(5);
        Map<FourTuple, Stub> model = new HashMap<>();
        for (int n = 0; n < 200_000; n++) {
            int range = n < 100_000 ? 3_000 : 50; // grows, then shrinks
            FourTuple t =
                    new FourTuple(random.nextInt(3), 80, random.nextInt(range), random.nextInt(3));
            Stub there = model.get(t);
            assertSame(there, find(t));
            if (there == null) {
                if (n > 150_000 && random.nextInt(4) > 0) continue;
                Stub stub = new Stub(t);
                model.put(t, stub);
                table.add(stub, null);
            } else if (random.nextBoolean()) {
                Stub successor = new Stub(t);
                table.replace(there, successor);
                model.put(t, successor);
            } else {
                table.remove(there);
                model.remove(t);
            }
            assertEquals(model.size(), table.size());
        }
        for (Map.Entry<FourTuple, Stub> e : model.entrySet()) {
            assertSame(e.getValue(), find(e.getKey()));
        }
        for (Endpoint endpoint : table.toArray()) table.remove(endpoint);
        assertEquals(0, table.size());
    }
}
