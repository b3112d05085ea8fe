/** The calls between two that change the connection's state. */
class Stretch {
  /** How many of its calls are kept somewhere, and have not been handed on to the client. */
  kept = 0;
  /** Its calls that may go as soon as the change before them has gone. */
  held: (() => void)[] = [];
  /** Makes the call that changes the state, behind all of these; `null` while there is none. */
  change: (() => void) | null = null;
  hasChanged = false;
  next: Stretch | null = null;
}

/** The place of a kept call among the changes of the connection's state. */
export type Place = Stretch;

/**
 * The calls of one client that any stage keeps: the turns of its scopes, and its caps.
 *
 * These let calls of different scopes pass each other. A call that changes the state of the connection, such as SELECT, passes none and is passed by
 * none: it goes when all that was kept before it has gone, and what is called after it is held until then.
 */
export class KeptLine {
  #first = new Stretch();
  #last = this.#first;
  /** The place of the call that is being handed on, while another stage may keep it again. */
  #handedOn: Place | null = null;
  #isAdvancing = false;
  /** Whether anything is kept: one look for a call when nothing is. */
  isBusy = false;

  /** Whether the call that is made now has to wait for a change of the connection's state. */
  get isHeld(): boolean {
    return (this.#handedOn ?? this.#last) !== this.#first;
  }

  /** Gives the call that is made now, and is kept, its place. To be left with `leave`. */
  enter(): Place {
    const place = this.#handedOn ?? this.#last;
    place.kept += 1;
    this.isBusy = true;
    return place;
  }

  /** To be called when the call at this place has been handed on, or is given up. */
  leave(place: Place): void {
    place.kept -= 1;
    this.#advance();
  }

  /** Hands a kept call on: a stage that keeps it again gives it the same place. */
  within<T>(place: Place, handOn: () => T): T {
    const outer = this.#handedOn;
    this.#handedOn = place;
    try {
      return handOn();
    } finally {
      this.#handedOn = outer;
    }
  }

  /** Calls `go` once the change has gone that the call at this place has to wait for. */
  hold(place: Place, go: () => void): void {
    place.held.push(go);
  }

  /** Calls `go`, which changes the connection's state, once all has gone that is kept now. */
  change(go: (place: Place) => void): void {
    const place = this.#last;
    place.change = () => go(place);
    this.#last = place.next = new Stretch();
    this.isBusy = true;
    this.#advance();
  }

  /** A loop, since thousands may be held, and each that goes may let others go. */
  #advance(): void {
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    try {
      while (this.#step()) {}
    } finally {
      this.#isAdvancing = false;
      this.isBusy = this.#first !== this.#last || this.#first.kept > 0;
    }
  }

  /** @returns whether there may be more to do */
  #step(): boolean {
    const first = this.#first;
    if (first.held.length > 0) {
      const { held } = first;
      first.held = [];
      for (const go of held) go();
      return true;
    }
    if (first.kept > 0 || first.change === null || first.next === null) return false;
    if (first.hasChanged) {
      this.#first = first.next;
      return true;
    }
    first.hasChanged = true;
    // A cap may keep it again: then it goes before what is called after it all the same.
    this.within(first, first.change);
    return true;
  }
}
