package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.usernet.config.StackConfig;
import io.usernet.nio.StackSelectorProvider;
import io.usernet.runtime.Engine;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/**
 * The oracle asked cell by cell: see {@link OracleTable}. With {@code -Dusernet.test.pairs=N}, also N
 * times two operations at random, one after the other, of each table's states that never block.
 */
class OracleTablesTest {
    private static final int PAIRS = Integer.getInteger("usernet.test.pairs", 0);
    private static final long DRAIN_NS = 5_000_000_000L;

    private static Engine engine;

    @BeforeAll
    static void open() {
        engine = Engine.open(StackConfig.defaults(), null, "oracle");
    }

    @AfterAll
    static void close() {
        engine.close(DRAIN_NS);
        assertEquals(0, engine.memory().inUse(), "bytes of packet memory that nobody gave back");
    }

    private final Subject usernet =
            new UsernetNioContractTest.OnLoopback(new StackSelectorProvider(() -> engine));

    @TestFactory
    Stream<DynamicNode> socketChannels() {
        return cells(new SocketChannelTable());
    }

    @TestFactory
    Stream<DynamicNode> serverSocketChannels() {
        return cells(new ServerSocketChannelTable());
    }

    @TestFactory
    Stream<DynamicNode> datagramChannels() {
        return cells(new DatagramChannelTable());
    }

    @TestFactory
    Stream<DynamicNode> pipes() {
        return cells(new PipeTable());
    }

    @TestFactory
    Stream<DynamicNode> selectors() {
        return cells(new SelectorTable());
    }

    private <C> Stream<DynamicNode> cells(OracleTable<C> table) {
        List<DynamicNode> nodes = new ArrayList<>();
        for (String state : table.states().keySet())
            nodes.add(dynamicContainer(state, inState(table, state)));
        return Stream.concat(nodes.stream(), pairs(table));
    }

    private <C> Stream<DynamicNode> pairs(OracleTable<C> table) {
        List<String> states = new ArrayList<>(table.states().keySet());
        states.removeIf(state -> state.endsWith(", blocking"));
        List<String> operations = new ArrayList<>(table.operations().keySet());
        operations.removeIf(operation -> operation.endsWith("configureBlocking(true)"));
        SplittableRandom random = new SplittableRandom(PAIRS);
        return IntStream.range(0, PAIRS)
                .mapToObj(
                        i -> {
                            String state = states.get(random.nextInt(states.size()));
                            String first = operations.get(random.nextInt(operations.size()));
                            String then = operations.get(random.nextInt(operations.size()));
                            return dynamicTest(
                                    state + ": " + first + ", " + then,
                                    () -> {
                                        // where this JDK is no oracle, nothing is compared
                                        if (table.isDecided(state, first)
                                                && table.isDecided(state, then))
                                            compare(table, state, List.of(first, then));
                                    });
                        });
    }

    private <C> Stream<DynamicNode> inState(OracleTable<C> table, String state) {
        List<DynamicNode> nodes = new ArrayList<>();
        for (String operation : table.operations().keySet())
            if (table.isDecided(state, operation))
                nodes.add(dynamicTest(operation, () -> compare(table, state, List.of(operation))));
        return nodes.stream();
    }

    private <C> void compare(OracleTable<C> table, String state, List<String> steps)
            throws Exception {
        String wanted = table.outcome(JdkNioContractTest.JDK, state, steps);
        String got = table.outcome(usernet, state, steps);
        assertEquals(wanted, got, () -> state + ": " + String.join(", ", steps));
    }
}
