package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * The oracle asked cell by cell: see {@link OracleTable}. With {@code -Dusernet.test.pairs=N}, also N
 * times two operations at random, one after the other, of each table's states that never block.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class OracleTables {
    private static final int PAIRS = Integer.getInteger("usernet.test.pairs", 0);

    private final RoutedSubject subject;

    OracleTables(RoutedSubject subject) {
        this.subject = subject;
    }

    @BeforeAll
    void open() {
        subject.open();
    }

    @AfterAll
    void close() {
        subject.close();
    }

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

    /** Whether an operation is another one here, by design: the reason is the subject's. */
    boolean isOther(OracleTable<?> table, String operation) {
        return false;
    }

    private boolean isDecided(OracleTable<?> table, String state, String operation) {
        return table.isDecided(state, operation) && !isOther(table, operation);
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
                                        if (isDecided(table, state, first)
                                                && isDecided(table, state, then))
                                            compare(table, state, List.of(first, then));
                                    });
                        });
    }

    private <C> Stream<DynamicNode> inState(OracleTable<C> table, String state) {
        List<DynamicNode> nodes = new ArrayList<>();
        for (String operation : table.operations().keySet())
            if (isDecided(table, state, operation))
                nodes.add(dynamicTest(operation, () -> compare(table, state, List.of(operation))));
        return nodes.stream();
    }

    private <C> void compare(OracleTable<C> table, String state, List<String> steps)
            throws Exception {
        String wanted = table.outcome(JdkNioContractTest.JDK, state, steps);
        String got = table.outcome(subject, state, steps);
        assertEquals(wanted, got, () -> state + ": " + String.join(", ", steps));
    }
}
