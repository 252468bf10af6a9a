package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class HeartbeatTest {
  private static final Deadlines SHORT = new Deadlines(100, 100, 40, 200, 100);

  @Test
  void silenceIsAskedAboutOnceAndThenDeadly() throws InterruptedException {
    Heartbeat heartbeat = new Heartbeat(SHORT);
    assertEquals(Heartbeat.Verdict.WAIT, heartbeat.look());
    Thread.sleep(60);
    assertEquals(Heartbeat.Verdict.PING, heartbeat.look());
    assertEquals(Heartbeat.Verdict.WAIT, heartbeat.look());
    Thread.sleep(250);
    assertEquals(Heartbeat.Verdict.DEAD, heartbeat.look());
  }

  @Test
  void everyLineIsLife() throws InterruptedException {
    Heartbeat heartbeat = new Heartbeat(SHORT);
    for (int i = 0; i < 4; i++) {
      Thread.sleep(120);
      heartbeat.look();
      heartbeat.life();
    }
    assertEquals(Heartbeat.Verdict.WAIT, heartbeat.look());
  }

  @Test
  void timeWithoutAnybodyLookingDoesNotCount() throws InterruptedException {
    Heartbeat heartbeat = new Heartbeat(new Deadlines(0, 0, 3_000, 1_200, 0));
    Thread.sleep(1_300);
    assertEquals(Heartbeat.Verdict.WAIT, heartbeat.look());
  }
}
