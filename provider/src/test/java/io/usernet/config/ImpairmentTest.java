package io.usernet.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.Impairment.Direction;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImpairmentTest {
    @Test
    void allPartsAreRead() {
        Direction d =
                Direction.NONE
                        .withLoss(0.01)
                        .withDelayNs(5_000_000)
                        .withJitterNs(250_000)
                        .withReorder(0.02)
                        .withDuplicate(0.001)
                        .withCorrupt(0.5)
                        .withRate(10_000_000)
                        .withLimit(77);
        assertEquals(
                new Impairment(d, d, OptionalLong.of(-3)),
                Impairment.parse(
                        "loss=1%,delay=5ms, jitter=250us,reorder=2%,duplicate=0.1%,corrupt=50%,"
                                + "rate=10mbit,limit=77,seed=-3"));
    }

    @Test
    void onePrefixedPartWinsInAnyOrder() {
        Impairment i = Impairment.parse("out.loss=5%,loss=1%,in.delay=1s,in.delay=2s");
        assertEquals(0.05, i.out().loss());
        assertEquals(0.01, i.in().loss());
        assertEquals(2_000_000_000L, i.in().delayNs());
        assertEquals(0, i.out().delayNs());
        assertEquals(OptionalLong.empty(), i.seed());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "none"})
    void nothingIsNone(String text) {
        assertSame(Impairment.NONE, Impairment.parse(text));
        assertTrue(Impairment.parse("loss=0,limit=5").isNone());
        assertFalse(Impairment.parse("loss=0.001%").isNone());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "none",
                "loss=1%",
                "loss=1%,delay=5ms,jitter=1500ns,reorder=0.3%,duplicate=100%,corrupt=0.1%,rate=10mbit,limit=5,seed=42",
                "in.loss=1%,out.delay=1s,out.reorder=33.333333333%",
                "rate=1bit",
                "out.rate=2500kbit",
                "rate=1gbit,seed=-9223372036854775808",
            })
    void isWrittenAsItIsRead(String text) {
        assertEquals(text, Impairment.parse(text).toString());
    }

    @Test
    void anyShareIsReadAsItWasWritten() {
        SplittableRandom random = new SplittableRandom(1);
        for (int n = 0; n < 10_000; n++) {
            // as many digits as a user may write
            double share = Math.round(random.nextDouble() * 1e15) / 1e17;
            Direction d = Direction.NONE.withLoss(share).withDelayNs(random.nextLong(1L << 41));
            Impairment i = new Impairment(Direction.NONE, d, OptionalLong.of(random.nextLong()));
            assertEquals(i, Impairment.parse(i.toString()), i::toString);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1 / 7000.0, 1e-20, Double.MIN_VALUE, 0.1 + 0.2, 2 / 3.0})
    void aShareThatAProgramComputedIsReadAsItWasWritten(double share) {
        Direction d = Direction.NONE.withLoss(share);
        Impairment i = new Impairment(d, d, OptionalLong.empty());
        assertEquals(i, Impairment.parse(i.toString()), i::toString);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "loss | 'loss' is not of the form part=value",
                "loss=1%, | '' is not of the form part=value",
                "loss=1 | loss=1: give a share of 0% to 100%",
                "loss=101% | loss=101%: give a share",
                "in.loss=-1% | in.loss=-1%: give a share",
                "delay=5 | delay=5: give a time of 0 to 3600s, with its unit",
                "delay=3601s | delay=3601s: give a time",
                "jitter=1m | jitter=1m: give a time",
                "out.rate=10 | out.rate=10: give bits a second",
                "rate=0.1bit | rate=0.1bit: give bits",
                "limit=0 | limit=0: give 1 to 1000000 frames",
                "limit=x | limit=x: give 1 to 1000000 frames",
                "seed=x | seed=x: give a whole number",
                "in.seed=1 | in.seed=1: there is no such part; there are loss",
                "los=1% | los=1%: there is no such part",
                "reorder=1% | reorder=1%: these frames overtake delayed ones: give a delay too",
                "in.delay=1ms,reorder=1% | give a delay too",
            })
    void whatIsWrongIsOneLineWithPartValueAndRemedy(String text, String line) {
        String message =
                assertThrows(IllegalArgumentException.class, () -> Impairment.parse(text))
                        .getMessage();
        assertTrue(message.contains(line), message);
        assertEquals(1, message.lines().count(), message);
    }
}
