package io.usernet.benchmarks.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
    @Test
    void options_are_read_and_may_be_repeated() throws UsageException {
        Settings settings =
                Settings.parse(
                        "--tap",
                        "--rounds=5",
                        "--only=churn,pingpong",
                        "--option=-Dusernet.inline.writers=true",
                        "--option=-Xmx1g");
        assertEquals(true, settings.tap());
        assertEquals(5, settings.rounds());
        assertEquals(Set.of(Workload.PINGPONG, Workload.CHURN), settings.workloads());
        assertEquals(List.of("-Dusernet.inline.writers=true", "-Xmx1g"), settings.options());
        assertEquals(
                List.of(
                        "--only=pingpong,churn",
                        "--seconds=2",
                        "--warmup=2500",
                        "--connections=64"),
                settings.workloadArguments());
    }

    @Test
    void a_third_variant_only_if_it_has_options() throws UsageException {
        assertEquals(2, Variant.of(Settings.parse()).size());
        List<Variant> variants = Variant.of(Settings.parse("--vs-option=-Da=b"));
        assertEquals(List.of(), variants.get(1).options());
        assertEquals(List.of("-Da=b"), variants.get(2).options());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--round=3           | no option --round: there are ",
                "--rounds=0          | --rounds=0: not a number from 1 to 1000",
                "--rounds=many       | --rounds=many: not a number from 1 to 1000",
                "--rounds            | --rounds takes a value: --rounds=...",
                "--tap=yes           | --tap takes no value",
                "--only=pong         | no workload 'pong': there are pingpong,",
                "--option=usernet.x  | --option=usernet.x: not a JVM option such as -Dusernet.x=y",
                "tap                 | 'tap': options are --name or --name=value",
            })
    void a_wrong_option_is_named(String argument, String message) {
        String actual =
                assertThrows(UsageException.class, () -> Settings.parse(argument)).getMessage();
        assertEquals(message.strip(), actual.substring(0, message.strip().length()));
        assertEquals(1, actual.lines().count());
    }

    @Test
    void given_twice() {
        assertThrows(UsageException.class, () -> Settings.parse("--rounds=1", "--rounds=2"));
    }
}
