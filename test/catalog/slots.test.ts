import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Slots } from '../../src/catalog/slots.js';

const { signal } = new AbortController();

/** A task that runs until it is told to end. */
function createTask(): {
  readonly run: () => Promise<string>;
  readonly end: () => void;
  readonly hasStarted: () => boolean;
} {
  let hasStarted = false;
  let end = (): void => {};
  const ended = new Promise<string>((resolve) => {
    end = () => resolve('done');
  });
  return {
    run: () => {
      hasStarted = true;
      return ended;
    },
    end: () => end(),
    hasStarted: () => hasStarted,
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('H044: no more run at once than the limit says, and each that ends lets one in', async () => {
  const slots = new Slots({ limit: 2, maxWaiting: 10 });
  const tasks = [createTask(), createTask(), createTask()];
  const running = tasks.map((task) => slots.run(task.run, { signal, isUrgent: false }));
  await turn();
  expect(tasks.map((task) => task.hasStarted())).toEqual([true, true, false]);
  tasks[0]?.end();
  await turn();
  expect(tasks[2]?.hasStarted()).toBe(true);
  for (const task of tasks) task.end();
  expect(await Promise.all(running)).toEqual(['done', 'done', 'done']);
  expect(slots.running).toBe(0);
});

test('urgent tasks go first', async () => {
  const slots = new Slots({ limit: 1, maxWaiting: 10 });
  const order: string[] = [];
  const first = createTask();
  const running = [
    slots.run(first.run, { signal, isUrgent: false }),
    slots.run(async () => order.push('ordinary'), { signal, isUrgent: false }),
    slots.run(async () => order.push('urgent'), { signal, isUrgent: true }),
  ];
  first.end();
  await Promise.all(running);
  expect(order).toEqual(['urgent', 'ordinary']);
});

test('one too many waiting is refused at once', async () => {
  const slots = new Slots({ limit: 1, maxWaiting: 1 });
  const task = createTask();
  const running = [slots.run(task.run, { signal, isUrgent: true }), slots.run(task.run, { signal, isUrgent: true })];
  await expect(slots.run(task.run, { signal, isUrgent: true })).rejects.toMatchObject({ code: 'overloaded' });
  task.end();
  await Promise.all(running);
});

test('who gives up while waiting leaves the line', async () => {
  const slots = new Slots({ limit: 1, maxWaiting: 10 });
  const task = createTask();
  const giveUp = new AbortController();
  const running = slots.run(task.run, { signal, isUrgent: true });
  const waiting = slots.run(async () => 'never', { signal: giveUp.signal, isUrgent: true });
  giveUp.abort(new Error('no longer wanted'));
  await expect(waiting).rejects.toThrow('no longer wanted');
  task.end();
  await running;
  expect(slots.running).toBe(0);
});

test('a raised limit lets waiting tasks in', async () => {
  const slots = new Slots({ limit: 1, maxWaiting: 10 });
  const tasks = [createTask(), createTask()];
  const running = tasks.map((task) => slots.run(task.run, { signal, isUrgent: true }));
  slots.limit = 2;
  await turn();
  expect(tasks[1]?.hasStarted()).toBe(true);
  for (const task of tasks) task.end();
  await Promise.all(running);
});

test('whatever fails or gives up, every task ends and none is left running', async () => {
  const plan = fc.array(fc.record({ fails: fc.boolean(), isUrgent: fc.boolean(), givesUp: fc.boolean() }), {
    maxLength: 30,
  });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), plan, async (limit, steps) => {
      const slots = new Slots({ limit, maxWaiting: 100 });
      let most = 0;
      const ended = steps.map(({ fails, isUrgent, givesUp }) => {
        const giveUp = new AbortController();
        const running = slots.run(
          async () => {
            most = Math.max(most, slots.running);
            await turn();
            if (fails) throw new Error('failed');
          },
          { signal: giveUp.signal, isUrgent },
        );
        if (givesUp) giveUp.abort();
        return running;
      });
      await Promise.allSettled(ended);
      expect(most).toBeLessThanOrEqual(limit);
      expect(slots.running).toBe(0);
    }),
    { numRuns: 30 },
  );
});
