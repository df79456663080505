import type { Socket } from 'node:net';
import type { Client, Respond } from '../responder/respond.js';
import { encodeFrame, FrameSplitter } from './frame.js';
import { type ListenOptions, reportUnanswered } from './listener.js';

/** A limit on time that a connection has gone past. */
export type Overdue = 'idle' | 'incomplete' | 'slow-reader';

/**
 * One client's connection: any number of questions, each answered as soon as its reply is known (RFC 7766 section 7).
 *
 * It reads only as fast as it answers and as the client takes the replies: with too much of either under way it
 * stops reading, and TCP's flow control tells the client. It holds no timer; its owner asks for `overdue`.
 */
export class TcpConnection {
  readonly client: Client;
  readonly #socket: Socket;
  readonly #options: ListenOptions;
  readonly #respond: Respond;
  readonly #frames = new FrameSplitter();
  #inFlight = 0;
  /** The client has shut down its side: it has said all, and still listens. */
  #ended = false;
  /** We take no more questions. */
  #finishing = false;
  #activeAt: number;
  #incompleteSince: number | undefined;
  #stalledSince: number | undefined;

  constructor(socket: Socket, client: Client, options: ListenOptions, respond: Respond) {
    this.client = client;
    this.#socket = socket;
    this.#options = options;
    this.#respond = respond;
    this.#activeAt = options.clock.now();
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('drain', () => this.#proceed());
    socket.on('end', () => {
      this.#ended = true;
      this.#proceed();
    });
  }

  /** Since when nothing is under way here; undefined while something is. */
  get idleSince(): number | undefined {
    const busy = this.#inFlight > 0 || this.#frames.hasLeftover || this.#socket.writableLength > 0;
    return busy ? undefined : this.#activeAt;
  }

  overdue(now: number): Overdue | undefined {
    const { tcpFrameMs, tcpIdleMs } = this.#options.limits;
    if (this.#stalledSince !== undefined) return now - this.#stalledSince >= tcpIdleMs ? 'slow-reader' : undefined;
    if (this.#incompleteSince !== undefined)
      return now - this.#incompleteSince >= tcpFrameMs ? 'incomplete' : undefined;
    return this.#inFlight === 0 && now - this.#activeAt >= tcpIdleMs ? 'idle' : undefined;
  }

  /** Takes no more questions; closes the connection behind the last reply under way. */
  finish(): void {
    this.#finishing = true;
    this.#proceed();
  }

  /** Closes the connection now. What the client has not taken yet is dropped, in the kernel too. */
  cut(): void {
    if (this.#socket.writableLength > 0) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  #read(chunk: Uint8Array): void {
    // Read all the same while finishing: closing a socket with unread bytes would reset the replies sent before.
    if (this.#finishing) return;
    this.#frames.push(chunk);
    this.#proceed();
  }

  /** Answers what can be answered, then settles how to go on; called whenever anything has changed. */
  #proceed(): void {
    // Together the replies to one chunk's questions make one packet, not one each.
    this.#socket.cork();
    const tookAll = this.#answerWhileRoom();
    this.#socket.uncork();
    this.#settle(tookAll);
  }

  /** Whether every whole question was taken, so that what is left over is the beginning of one. */
  #answerWhileRoom(): boolean {
    while (this.#hasRoom()) {
      const question = this.#frames.next();
      if (question === undefined) return true;
      this.#activeAt = this.#options.clock.now();
      this.#incompleteSince = undefined;
      this.#answer(question);
    }
    return false;
  }

  #hasRoom(): boolean {
    const { tcpBacklogBytes, tcpInFlight } = this.#options.limits;
    return !this.#finishing && this.#inFlight < tcpInFlight && this.#socket.writableLength <= tcpBacklogBytes;
  }

  #settle(tookAll: boolean): void {
    const now = this.#options.clock.now();
    if (tookAll && this.#frames.hasLeftover) this.#incompleteSince ??= now;
    else this.#incompleteSince = undefined;
    if (this.#socket.writableLength > this.#options.limits.tcpBacklogBytes) this.#stalledSince ??= now;
    else this.#stalledSince = undefined;

    if (this.#hasRoom() || this.#finishing) this.#socket.resume();
    else this.#socket.pause();
    if (this.#inFlight === 0 && (this.#finishing || (this.#ended && tookAll))) this.#socket.destroySoon();
  }

  #answer(question: Uint8Array): void {
    try {
      const reply = this.#respond(question, this.client);
      if (reply instanceof Uint8Array) this.#write(reply);
      else if (reply !== undefined) this.#writeLater(reply);
    } catch (error) {
      reportUnanswered(error, this.client, this.#options);
    }
  }

  async #writeLater(pending: Promise<Uint8Array | undefined>): Promise<void> {
    this.#inFlight += 1;
    try {
      const reply = await pending;
      if (reply !== undefined) this.#write(reply);
    } catch (error) {
      reportUnanswered(error, this.client, this.#options);
    } finally {
      this.#inFlight -= 1;
      this.#proceed();
    }
  }

  #write(reply: Uint8Array): void {
    this.#activeAt = this.#options.clock.now();
    this.#socket.write(encodeFrame(reply));
  }
}
