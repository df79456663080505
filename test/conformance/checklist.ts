/** The rows of the specification's checklist. */
export const ROWS = Array.from({ length: 182 }, (_unused, index) => `C${String(index + 1).padStart(3, '0')}`);

/** Rows that are true of Consul 1.8.7 alone. */
export const OLD_ONLY = ['C029', 'C057', 'C085', 'C088', 'C101', 'C146', 'C152', 'C178'];

/** Rows that a deliberate difference takes the place of. */
export const OVERRULED: Readonly<Record<string, readonly string[]>> = {
  C004: ['D17'],
  C015: ['D16'],
  C018: ['D10'],
  C020: ['D21'],
  C022: ['D19'],
  C030: ['D9'],
  C033: ['D6'],
  C068: ['D8'],
  C070: ['D8'],
  C090: ['D6', 'D7'],
  C098: ['D14'],
  C099: ['D14'],
  C104: ['D15'],
  C115: ['D18'],
  C142: ['D3'],
  C144: ['D4'],
  C145: ['D4'],
  C149: ['D3', 'D4'],
  C151: ['D5'],
  C153: ['D2'],
  C154: ['D5'],
  C155: ['D5'],
  C159: ['D11'],
  C160: ['C160', 'D3', 'D11'],
  C163: ['D12'],
  C164: ['D13'],
  C167: ['D13'],
};
