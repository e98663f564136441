/** A colour and a shape. Either one is enough to tell two tones apart. */
export type Tone = 'free' | 'rented' | 'working' | 'cleaning' | 'quarantined' | 'dead' | 'unknown' | 'taken';
