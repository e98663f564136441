import { composeExample, type ExampleSchema } from './compose-example.ts';
import { EXAMPLES } from './examples.ts';

interface MediaType {
  schema?: ExampleSchema;
  example?: unknown;
  examples?: object;
}
type Content = Record<string, MediaType>;
interface Operation {
  requestBody?: { content: Content };
  responses: Record<string, { content?: Content }>;
}

/** The part of a description that gets examples. */
export interface Examinable {
  paths?: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, ExampleSchema> };
}

/** Examples of content that is not data, but is shown or run. */
const TEXTS: Record<string, string> = {
  'text/html': '<!doctype html>…',
  'text/css': 'body { margin: 0 }',
  'text/javascript': 'export {};',
  'image/svg+xml': '<svg xmlns="http://www.w3.org/2000/svg"/>',
};

/** Gives every body without an example one made of its schema's examples, so that each is written only once. */
export function addExamples({ paths = {}, components }: Examinable): void {
  const schemas = components?.schemas ?? {};
  for (const [name, schema] of Object.entries(schemas)) {
    if (EXAMPLES[name] !== undefined) schema.example ??= EXAMPLES[name];
  }
  const compose = (schema: ExampleSchema) => composeExample(schemas, schema);
  for (const operation of Object.values(paths).flatMap((calls) => Object.values(calls))) {
    const answers = Object.values(operation.responses).map(({ content }) => content);
    for (const content of [operation.requestBody?.content, ...answers]) {
      for (const [type, media] of Object.entries(content ?? {})) {
        if (media.example !== undefined || media.examples !== undefined) continue;
        const example = type === 'text/event-stream' ? composeStream(content, compose) : TEXTS[type];
        const found = example ?? (media.schema && compose(media.schema));
        if (found !== undefined) media.example = found;
      }
    }
  }
}

/** A watch: one object as it is, then the mark that the snapshot is complete. */
function composeStream(
  content: Content | undefined,
  compose: (schema: ExampleSchema) => unknown,
): string | undefined {
  const schema = content?.['application/json']?.schema;
  const items = schema?.properties?.items?.items;
  const object = schema && compose(items ?? schema);
  if (typeof object !== 'object' || object === null) return undefined;
  return `event: ${nameOf(object)}\nid: 812\ndata: ${JSON.stringify(object)}\n\n: synced\n\n`;
}

function nameOf(object: object): string {
  if ('seq' in object) return 'event';
  return 'tenant' in object ? 'rental' : 'node';
}
