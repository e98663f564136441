import { defineConfig } from 'drizzle-kit';

// `npm run schema` compares src/store/schema*.ts with the last snapshot under drizzle/meta and writes the next
// migration. Migrations that were released are never edited.
export default defineConfig({
  dialect: 'mysql',
  schema: './src/store/schema*.ts',
  out: './drizzle',
  casing: 'snake_case',
});
